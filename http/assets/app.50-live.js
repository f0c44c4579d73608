// The live stream: tells that there is something newer. What is newer is asked for by moment.pump, so whatever was missed
// while the connection was away comes with the next answer.

const live = {
    state: 'connecting', // 'open', 'lost', 'ended'
    source: null,
    failures: 0,
    timer: 0,
    listeners: [], // called with (seq, time) of each event

    connect() {
        clearTimeout(this.timer);
        this.source?.close();
        const source = this.source = new EventSource(`/api/share/${share}/live?quiet=1&from=${moment.last + 1}`);
        source.addEventListener('open', () => { this.failures = 0; this.become('open'); });
        source.addEventListener('sync', event => this.take(event.data));
        source.addEventListener('error', () => {
            this.become('lost');
            // The browser tries again by itself, unless it was refused.
            if (source.readyState === EventSource.CLOSED) this.later();
        });
    },
    later() {
        clearTimeout(this.timer);
        if (this.failures) // refused again: is it still there?
            fetch(`/api/share/${share}/metadata`).then(({ status }) => { if (status === 404 || status === 410) location.reload(); }, () => {});
        this.timer = setTimeout(() => this.connect(), Math.min(30000, 1000 * 2 ** this.failures++) * (.75 + Math.random() / 2));
    },
    take(data) {
        const { seq, time } = JSON.parse(data);
        for (const listener of this.listeners) listener(seq, time);
        moment.grow(seq);
    },
    become(state) {
        if (state === this.state) return;
        if (state === 'lost' && this.state === 'open') say('Connection lost, trying again');
        if (state === 'open' && this.state === 'lost') say('Connected again');
        this.state = state;
        moment.tell();
    },
    start() {
        this.connect();
        const again = () => { if (this.source?.readyState === EventSource.CLOSED) { this.failures = 0; this.connect(); } };
        addEventListener('online', again);
        document.addEventListener('visibilitychange', () => { if (!document.hidden) again(); });
        addEventListener('pagehide', () => this.source?.close());
        addEventListener('pageshow', event => { if (event.persisted) this.connect(); });
    },
};
