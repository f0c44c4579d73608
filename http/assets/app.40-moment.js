// Which moment the page shows, and the one way to another one: ask the server what differs, put it in.

const share = document.body.dataset.share;

const moment = {
    shown: Number(document.body.dataset.seq), // the sequence on the page
    last: Number(document.body.dataset.last), // the newest there is
    target: Number(document.body.dataset.seq),
    live: !document.body.dataset.at, // follow the newest
    why: '', // 'live', 'play', 'step' or 'jump': what the target is for
    busy: false,
    trouble: false,
    listeners: [],

    /** Call with (log, why) after each change of the page, and with nothing when anything else here changed. */
    onChange(listener) { this.listeners.push(listener); },
    tell(log, why) { for (const listener of this.listeners) listener(log, why); },

    /** Show a sequence. Of many that are asked for while one is on its way, only the newest is gone to. */
    go(target, why) {
        this.target = Math.max(1, Math.min(target, this.last));
        this.why = why;
        this.live = why === 'live' || this.target === this.last;
        this.tell();
        this.pump();
    },

    /** There is a newer one. */
    grow(last) {
        if (last <= this.last) return;
        this.last = last;
        document.body.dataset.last = last;
        if (this.live) { this.target = last; this.why = 'live'; this.pump(); }
        this.tell();
    },

    async pump() {
        if (this.busy) return;
        this.busy = true;
        for (let failures = 0; this.target !== this.shown;) {
            const to = this.target, why = this.why, following = why === 'live' && atEnd();
            const html = await fetchUpdate(this.shown, to);
            if (html === null) {
                this.trouble = true;
                this.tell();
                await new Promise(done => setTimeout(done, Math.min(15000, 500 * 2 ** failures++)));
                continue;
            }
            failures = 0;
            this.trouble = false;
            const log = applyUpdate(html, following && atEnd());
            this.shown = to;
            document.body.dataset.seq = to;
            this.tell(log, why);
            if (why === 'live') await new Promise(done => setTimeout(done, 60)); // a burst is put in at once
        }
        this.busy = false;
    },
};

// ---- links to items ----

// What the server makes is the same at every moment, so a link to an item leads to its newest version; a page of the past that
// is loaded has links to the versions of then, for those without scripts. Here they are told the
// moment when they are used; those of a file always, for its now is not the server's.
const itemLinks = `a[href*="/share/${share}/item?key="]`;

function plainLinks() {
    if (document.body.dataset.at || window.offline) for (const link of findAll(itemLinks)) link.setAttribute('href', link.getAttribute('href').replace(/&at=\d+$/, ''));
}

for (const type of ['click', 'auxclick', 'contextmenu'])
    document.addEventListener(type, event => {
        const link = moment.live && !window.offline ? null : event.target.closest?.(itemLinks), plain = link?.getAttribute('href');
        if (!link || /&at=\d+$/.test(plain)) return;
        link.setAttribute('href', `${plain}&at=${moment.shown}`);
        setTimeout(() => link.setAttribute('href', plain));
    }, true);

async function fetchUpdate(from, to) {
    try {
        const answer = await fetch(`/share/${share}/update?from=${from}&to=${to}`, { headers: { Accept: 'text/html' } });
        if (answer.status === 410) { location.reload(); return await new Promise(() => {}); } // removed: the page says when
        return answer.ok ? await answer.text() : null;
    } catch {
        return null;
    }
}
