// The player: a tape of all events under the page, what plays it, and what says what a step changed.

const speeds = [.5, 1, 2, 4, 8, 16, 32, 64];
const draw = {
    play: 'M3.5 1.8v12.4L14 8Z', pause: 'M3.5 2h3.2v12H3.5Zm5.8 0h3.2v12H9.3Z',
    back: 'M3 2h1.8v12H3Zm10 0v12L5.8 8Z', forth: 'M11.2 2H13v12h-1.8ZM3 2l7.2 6L3 14Z',
};

const clockText = seconds => `${Math.floor(seconds / 60)}:${two(Math.floor(seconds % 60))}`;

/** What an element is, in few words. */
function nameOf(element) {
    if (element.matches('.tool')) {
        const name = find('.tool-name', element)?.textContent ?? 'tool', status = find('.tool-status', element)?.textContent.trim();
        return status ? `${name} ${status}` : name;
    }
    if (element.matches('.message')) return `message by ${element.matches('.user') ? 'you' : 'the model'}`;
    const message = element.closest('.message'), kind = [...element.classList].find(name => !['part', 'changed', 'fresh'].includes(name)) ?? 'part';
    if (kind === 'text') return message?.matches('.user') ? 'prompt' : 'answer';
    return kind.replace('-', ' ');
}

const player = {
    playing: false,
    speed: Number(kept.get('speed')) || 1,
    place: 0, // seconds on the tape
    ticker: 0,
    lastShown: moment.shown,

    // ---- moving ----

    seek(place, why = 'jump') {
        this.place = Math.max(0, Math.min(place, tape.length));
        moment.go(tape.seqAt(this.place), why);
    },
    goto(seq, why) {
        this.place = tape.placeOf(seq);
        moment.go(seq, why);
    },
    async ready() {
        await tape.load();
        return tape.count > 0;
    },
    async step(by) {
        if (!await this.ready()) return;
        this.pause();
        const at = Math.max(0, Math.min(tape.count - 1, tape.indexOf(moment.target) + by));
        this.goto(tape.seqs[at], 'step');
    },
    async skip(seconds) {
        if (!await this.ready()) return;
        const from = this.playing ? this.place : tape.placeOf(moment.target);
        this.seek(from + seconds);
    },
    async tenth(n) {
        if (await this.ready()) this.seek(tape.length * n / 10);
    },
    async prompt(by) {
        if (!await this.ready()) return;
        this.pause();
        const next = by > 0 ? tape.prompts.find(p => p.seq > moment.target) : tape.prompts.findLast(p => p.seq < moment.target);
        if (!next) { this.goto(by > 0 ? moment.last : tape.seqs[0], 'jump'); return; }
        this.goto(next.seq, 'jump');
    },
    /** To the next event that a message came with, or the one before. */
    async message(by) {
        if (!await this.ready()) return;
        this.pause();
        const next = by > 0 ? tape.messages.find(seq => seq > moment.target) : tape.messages.findLast(seq => seq < moment.target);
        this.goto(next ?? (by > 0 ? moment.last : tape.seqs[0]), 'step');
    },
    live() {
        this.pause();
        moment.go(moment.last, 'live');
        this.place = tape.length;
        toEnd();
    },

    // ---- playing ----

    async toggle() {
        if (this.playing) { this.pause(); say('Paused', true); return; }
        if (!await this.ready()) return;
        if (moment.target >= moment.last) this.goto(tape.seqs[0], 'play');
        this.place = tape.placeOf(moment.target);
        this.playing = true;
        let then = performance.now();
        this.ticker = setInterval(() => {
            const now = performance.now();
            this.place = Math.min(tape.length, this.place + (now - then) / 1000 * this.speed);
            then = now;
            const seq = tape.seqAt(this.place);
            if (seq !== moment.target) moment.go(seq, 'play');
            if (this.place >= tape.length) { this.pause(); moment.go(moment.last, 'play'); }
            this.show();
        }, 33);
        say('Playing', true);
        this.show();
    },
    pause() {
        clearInterval(this.ticker);
        this.playing = false;
        this.show();
    },
    faster(by) {
        const at = speeds.indexOf(this.speed);
        this.setSpeed(speeds[Math.max(0, Math.min(speeds.length - 1, at + by))]);
    },
    setSpeed(speed) {
        this.speed = speeds.includes(speed) ? speed : 1;
        kept.set('speed', String(this.speed));
        this.parts.speed.value = String(this.speed);
        say(`Speed ${this.speed}`, true);
    },

    // ---- what is seen of it ----

    build() {
        const button = (name, label, content, act) => {
            const made = make('button', { type: 'button', className: name, 'aria-label': label, title: label }, content);
            made.addEventListener('click', act);
            return made;
        };
        const canvas = make('canvas', { 'aria-hidden': 'true' });
        const p = this.parts = {
            slider: make('div', { className: 'tape', role: 'slider', tabIndex: 0, 'aria-label': 'Moment of the session', 'aria-valuemin': '1' }, canvas),
            tip: make('div', { className: 'tape-tip', hidden: true }),
            play: button('play', 'Play', drawing(draw.play), () => this.toggle()),
            back: button('back', 'One event back', drawing(draw.back), () => this.step(-1)),
            forth: button('forth', 'One event on', drawing(draw.forth), () => this.step(1)),
            clock: make('span', { className: 'clock' }),
            said: make('span', { className: 'said' }),
            speed: make('select', { className: 'speed', 'aria-label': 'Speed' }, ...speeds.map(n => make('option', { value: n, textContent: n + '×', selected: n === this.speed }))),
            help: button('help-open', 'Keys', '?', () => openHelp()),
            state: make('button', { type: 'button', className: 'state' }),
        };
        p.slider.append(p.tip);
        p.speed.addEventListener('change', () => this.setSpeed(Number(p.speed.value)));
        p.state.addEventListener('click', () => this.live());
        this.view = new TapeView(canvas);
        this.root = make('section', { className: 'player', 'aria-label': 'Replay' }, p.slider,
            make('div', { className: 'deck' }, p.play, p.back, p.forth, p.clock, p.said, p.speed, p.help, p.state));
        this.listen();
        document.body.append(this.root);
        this.end = make('button', { type: 'button', className: 'to-end', hidden: true, textContent: '↓ New below' });
        this.end.addEventListener('click', () => { toEnd(); this.end.hidden = true; });
        document.body.append(this.end);
        addEventListener('scroll', () => { if (!this.end.hidden && atEnd()) this.end.hidden = true; }, { passive: true });
    },
    listen() {
        const { slider } = this.parts;
        const placeAt = event => {
            const box = slider.getBoundingClientRect();
            return tape.length * Math.max(0, Math.min(1, (event.clientX - box.left - margin) / (box.width - 2 * margin)));
        };
        slider.addEventListener('pointerdown', async event => {
            if (event.button) return;
            slider.setPointerCapture(event.pointerId);
            this.resume = this.playing;
            this.pause();
            this.dragging = true;
            if (await this.ready()) this.seek(placeAt(event), 'drag');
        });
        slider.addEventListener('pointermove', event => {
            this.hover(event, placeAt(event));
            if (this.dragging) this.seek(placeAt(event), 'drag');
        });
        const end = () => {
            if (!this.dragging) return;
            this.dragging = false;
            this.parts.tip.hidden = true;
            if (this.resume && moment.target < moment.last) this.toggle();
            else if (moment.target === moment.last) moment.go(moment.last, 'live');
        };
        slider.addEventListener('pointerup', end);
        slider.addEventListener('pointercancel', end);
        slider.addEventListener('pointerenter', () => tape.load());
        slider.addEventListener('pointerleave', () => { this.parts.tip.hidden = true; });
        slider.addEventListener('focus', () => tape.load());
    },
    hover(event, place) {
        if (!tape.count) return;
        const { tip, slider } = this.parts, seq = tape.seqAt(place), prompt = tape.promptOf(seq);
        tip.textContent = `${localTime(new Date(tape.timeOf(seq)))} · event ${seq}${prompt ? ' · ' + prompt.words : ''}`;
        tip.hidden = false;
        const box = slider.getBoundingClientRect();
        tip.style.left = `${Math.max(0, Math.min(box.width - tip.offsetWidth, event.clientX - box.left - tip.offsetWidth / 2))}px`;
    },
    show() {
        const p = this.parts, known = tape.count > 0, past = !moment.live;
        if (!this.playing && !this.dragging) this.place = moment.live ? tape.length : tape.placeOf(moment.target);
        this.view.place = this.place;
        this.view.draw();
        p.clock.replaceChildren(known ? clockText(this.place) : '–:––', make('span', { className: 'all', textContent: known ? ` / ${clockText(tape.length)}` : '' }));
        if (this.wasPlaying !== this.playing) {
            this.wasPlaying = this.playing;
            p.play.replaceChildren(drawing(this.playing ? draw.pause : draw.play));
            p.play.setAttribute('aria-label', p.play.title = this.playing ? 'Pause' : 'Play');
        }
        p.slider.setAttribute('aria-valuemax', moment.last);
        p.slider.setAttribute('aria-valuenow', moment.target);
        const at = tape.timeOf(moment.target);
        p.slider.setAttribute('aria-valuetext', `Event ${moment.target} of ${moment.last}${at ? ', ' + localTime(new Date(at)) : ''}`);
        this.showState(past);
        this.address();
    },
    showState(past) {
        const lost = moment.trouble || live.state === 'lost', following = !past && !window.offline && live.state === 'open' && !moment.trouble;
        const text = past ? (moment.live ? '' : 'Go to now') : lost ? 'Reconnecting' : window.offline ? 'Now' : live.state === 'open' ? 'Live' : 'Connecting';
        const { state, said } = this.parts;
        if (state.textContent !== text) state.textContent = text;
        state.className = `state${following ? ' live' : ''}${lost ? ' lost' : ''}`;
        state.title = past ? `${moment.last - moment.target} events behind` : lost ? 'The connection was lost; nothing will be missed' : 'What comes is shown as it comes';
        if (!past && this.stepping) { this.stepping = false; said.replaceChildren(); }
        if (past && !said.firstChild) said.textContent = `Event ${moment.target} of ${moment.last}`;
    },
    /** The address carries the moment, so that a link shares it. */
    address() {
        this.addressTimer ??= setTimeout(() => {
            this.addressTimer = null;
            const url = new URL(location.href);
            url.searchParams.delete('t');
            if (moment.live) url.searchParams.delete('at');
            else url.searchParams.set('at', moment.target);
            if (url.href !== location.href) history.replaceState(history.state, '', url);
        }, this.playing ? 1000 : 120); // browsers count how often it is replaced
    },

    // ---- what a step changed ----

    took(log, why) {
        const elements = [...log.changed, ...log.added];
        if (why === 'live') {
            for (const element of log.added) element.classList.add('fresh');
            for (const element of log.added)
                if (element.matches('.message.user > .part, .message.user'))
                    this.newPrompt(element.closest('.message'));
            this.lastShown = moment.shown;
            if (elements.length && !atEnd()) this.end.hidden = false;
            if (log.articles) tape.messages.push(moment.shown);
            if (log.articles) say(log.articles === 1 ? 'A new message' : `${log.articles} new messages`);
            return;
        }
        this.stepping = true;
        this.lastShown = moment.shown;
        const few = elements.length <= 12 ? elements : [];
        for (const element of few) element.classList.add('changed');
        const last = elements.findLast(element => element.matches('.text, .tool, .reasoning')) ?? elements.at(-1), said = this.parts.said;
        said.replaceChildren(`Event ${moment.shown} of ${moment.last}`);
        if (last?.id) {
            const link = make('a', { href: '#' + last.id, textContent: nameOf(last) });
            link.addEventListener('click', event => { event.preventDefault(); last.scrollIntoView({ block: 'center', behavior: calm.matches ? 'auto' : 'smooth' }); });
            said.append(' · ', link, elements.length > 1 ? ` and ${elements.length - 1} more` : '');
        } else if (log.dropped) {
            said.append(` · ${log.dropped} taken away`);
        }
        if (why === 'step') say(said.textContent);
        this.reveal(last ?? find('#messages > .message:last-of-type'), why);
    },
    /** Bring what changed into view, if it isn't. */
    reveal(element, why) {
        if (!element?.isConnected) return;
        const box = element.getBoundingClientRect(), top = find('.top').getBoundingClientRect().bottom + 8;
        const bottom = this.root.getBoundingClientRect().top - 16;
        if (box.bottom > top && box.bottom <= bottom) return;
        // The end of what changed goes to the lower edge, as in a terminal that scrolls.
        if (why === 'step' && !calm.matches && Math.abs(box.bottom - bottom) < innerHeight) scrollBy({ top: box.bottom - bottom, behavior: 'smooth' });
        else settle(() => element.isConnected ? element.getBoundingClientRect().bottom - this.root.getBoundingClientRect().top + 16 : 0);
    },
    newPrompt(article) {
        if (!article?.id || tape.prompts.some(prompt => prompt.id === article.id)) return;
        if (moment.shown - this.lastShown > 1 && tape.loaded && tape.count < 20000) { // of several events at once: ask which it was
            tape.loaded = null;
            tape.load();
            return;
        }
        tape.prompts.push({ seq: moment.shown, id: article.id, words: find('.text', article)?.textContent.trim().slice(0, 80) ?? '' });
    },

    start() {
        this.build();
        live.listeners.push((seq, time) => { if (tape.count) tape.add(seq, time); });
        moment.onChange((log, why) => {
            if (log) this.took(log, why);
            this.show();
        });
        this.show();
        const soon = globalThis.requestIdleCallback ?? (work => setTimeout(work, 300));
        if (moment.last <= 20000) soon(() => tape.load());
    },
};
