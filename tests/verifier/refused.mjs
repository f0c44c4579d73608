// A verdict of no: the first rule that doesn't hold, by its name in core/FORMAT.md.
export class Refused extends Error {
  constructor(rule, why) {
    super(`${rule}: ${why}`);
    this.rule = rule;
  }
}
export const refuse = (rule, why) => { throw new Refused(rule, why); };
export const need = (holds, rule, why) => holds || refuse(rule, why);
