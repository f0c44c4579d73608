// Keys, as people know them from asciinema and rrweb; and the dialog that tells them.

const keys = [
    [['Space'], ['Space', ' '], 'Play or pause', () => player.toggle()],
    [['←', '→'], ['ArrowLeft'], 'Five seconds back, on', () => player.skip(-5)],
    [null, ['ArrowRight'], '', () => player.skip(5)],
    [[',', '.'], [','], 'One event back, on', () => player.step(-1)],
    [null, ['.'], '', () => player.step(1)],
    [['{', '}'], ['{'], 'One message back, on', () => player.message(-1)],
    [null, ['}'], '', () => player.message(1)],
    [['[', ']'], ['['], 'One turn back, on', () => player.prompt(-1)],
    [null, [']'], '', () => player.prompt(1)],
    [['0', '…', '9'], [...'0123456789'], 'To a tenth of the session', key => player.tenth(Number(key))],
    [['<', '>'], ['<'], 'Slower, faster', () => player.faster(-1)],
    [null, ['>'], '', () => player.faster(1)],
    [['n'], ['n'], 'Now: leave the past', () => player.live()],
    [['s'], ['s'], 'Differences side by side, in a wide window', () => sides.switch()],
    [['f'], ['f'], 'The messages alone, over the whole screen', () => toggleFocus()],
    [['?'], ['?'], 'This help', () => openHelp()],
];
const acts = new Map(keys.flatMap(([, names, , act]) => names.map(name => [name, act])));
let help = null;

function openHelp() {
    if (!help) {
        const list = make('dl');
        for (const [shown, , text] of keys)
            if (shown) list.append(make('dt', {}, ...shown.flatMap(key => [make('kbd', { textContent: key }), ' '])), make('dd', { textContent: text }));
        const single = make('input', { type: 'checkbox', checked: kept.get('keys') !== 'off' });
        single.addEventListener('change', () => kept.set('keys', single.checked ? null : 'off'));
        help = make('dialog', { className: 'help', 'aria-labelledby': 'help-title' }, make('h2', { id: 'help-title', textContent: 'Keys' }), list,
            make('label', {}, single, 'Use these keys'), make('form', { method: 'dialog' }, make('button', { textContent: 'Close', autofocus: true })));
        help.addEventListener('click', event => { if (event.target === help) help.close(); });
        document.body.append(help);
    }
    help.open ? help.close() : help.showModal();
}

function toggleFocus() {
    const on = document.documentElement.classList.toggle('focus');
    if (on) document.documentElement.requestFullscreen?.().catch(() => {});
    else if (document.fullscreenElement) document.exitFullscreen();
    say(on ? 'Messages alone' : 'Whole page', true);
}
document.addEventListener('fullscreenchange', () => {
    if (!document.fullscreenElement) document.documentElement.classList.remove('focus');
});

/** Does the element need this key itself? */
function takesKey(element, key) {
    if (element.isContentEditable || element.matches('input:not([type=checkbox]), select, textarea')) return true;
    if (key === ' ') return element.matches('button, summary, a[href], input');
    if (key.startsWith('Arrow')) return element.scrollWidth > element.clientWidth && element.matches('pre, table, .diff-lines');
    return false;
}

function listenToKeys() {
    document.addEventListener('keydown', event => {
        if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
        if (help?.open && event.key !== '?') return;
        if (event.key === 'Escape' && document.documentElement.classList.contains('focus')) { toggleFocus(); return; }
        const slider = player.root && event.target === player.parts.slider;
        if (slider && (event.key === 'Home' || event.key === 'End')) { event.preventDefault(); event.key === 'Home' ? player.tenth(0) : player.live(); return; }
        // Pages without a tape have the one key that is about what they show.
        const act = player.root || (event.key === 's' && find('.diff-lines')) ? acts.get(event.key) : null;
        if (!act || takesKey(event.target, event.key) || (kept.get('keys') === 'off' && !slider && event.key !== '?')) return;
        event.preventDefault();
        act(event.key);
    });
}
