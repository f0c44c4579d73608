// The tape: all events on one line, by the time between them, where nothing waits longer than `idle` seconds. Drawn into a
// canvas by columns, so a hundred thousand events cost what a hundred do.

const idle = 2;
const margin = 5; // pixels at both ends, for the head

const tape = {
    count: 0,
    seqs: new Float64Array(256), times: new Float64Array(256), places: new Float64Array(256), // seconds from the beginning
    prompts: [], // {seq, id, words}
    messages: [], // with which events messages came
    loaded: null,
    least: .02, // seconds between two events: of few, each is to be seen

    get length() { return this.count ? this.places[this.count - 1] : 0; },

    add(seq, time) {
        if (this.count && seq <= this.seqs[this.count - 1]) return;
        if (this.count === this.seqs.length)
            for (const name of ['seqs', 'times', 'places']) {
                const more = new Float64Array(this.count * 2);
                more.set(this[name]);
                this[name] = more;
            }
        const at = this.count++;
        this.seqs[at] = seq;
        this.times[at] = time;
        this.places[at] = at ? this.places[at - 1] + Math.min(idle, Math.max(this.least, (time - this.times[at - 1]) / 1000)) : 0;
    },

    /** Fetch it, once. */
    load() {
        this.loaded ??= (async () => {
            try {
                const answer = await fetch(`/share/${share}/timeline`);
                if (!answer.ok) throw new Error(answer.status);
                const { events, prompts, messages } = await answer.json();
                const came = [];
                for (let i = 0; i < this.count; i++) came.push([this.seqs[i], this.times[i]]);
                this.count = 0;
                this.least = events.length <= 200 ? .25 : events.length <= 2000 ? .1 : .02;
                for (const [seq, time] of events) this.add(seq, time);
                for (const [seq, time] of came) this.add(seq, time); // those that came by the live stream meanwhile
                this.prompts = prompts.map(([seq, id, words]) => ({ seq, id, words }));
                this.messages = messages;
                if (this.count) moment.grow(this.seqs[this.count - 1]);
            } catch {
                this.loaded = null;
            }
            moment.tell();
        })();
        return this.loaded;
    },

    /** The index of the last event for which values[index] <= value; -1 if there is none. */
    at(values, value) {
        let low = 0, high = this.count;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (values[middle] <= value) low = middle + 1; else high = middle;
        }
        return low - 1;
    },
    indexOf(seq) { return this.at(this.seqs, seq); },
    placeOf(seq) { const at = this.indexOf(seq); return at < 0 ? 0 : this.places[at]; },
    seqAt(place) { return this.count ? this.seqs[Math.max(0, this.at(this.places, place + 1e-9))] : 0; },
    timeOf(seq) { const at = this.indexOf(seq); return at < 0 ? 0 : this.times[at]; },
    promptOf(seq) { return this.prompts.findLast(prompt => prompt.seq <= seq); },
};

/** Draws the tape into a canvas. */
class TapeView {
    constructor(canvas) {
        this.canvas = canvas;
        this.columns = null;
        this.place = 0;
        this.asked = false;
        new ResizeObserver(() => this.draw()).observe(canvas);
        document.addEventListener('theme', () => { this.colours = null; this.draw(); });
    }
    draw() {
        if (this.asked) return;
        this.asked = true;
        requestAnimationFrame(() => { this.asked = false; this.paint(); });
    }
    readColours() {
        const style = getComputedStyle(document.documentElement);
        this.colours = Object.fromEntries(['ink', 'soft', 'faint', 'line-strong', 'mark'].map(name => [name, style.getPropertyValue('--' + name).trim()]));
    }
    /** How many events lie in each column of three pixels. */
    count(width) {
        const n = Math.max(1, Math.floor((width - 2 * margin) / 3));
        if (this.columns?.length === n && this.counted === tape.count) return this.columns;
        this.columns = new Float64Array(n);
        this.counted = tape.count;
        this.most = 1;
        const scale = tape.length ? (n - 1) / tape.length : 0;
        for (let i = 0; i < tape.count; i++) {
            const column = Math.round(tape.places[i] * scale);
            this.columns[column]++;
            if (this.columns[column] > this.most) this.most = this.columns[column];
        }
        return this.columns;
    }
    paint() {
        const { canvas } = this, { clientWidth: width, clientHeight: height } = canvas, ratio = devicePixelRatio || 1;
        if (!width) return;
        if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
        if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
        if (!this.colours) this.readColours();
        const g = canvas.getContext('2d'), { colours } = this, columns = this.count(width);
        const x = place => margin + (tape.length ? place / tape.length : 1) * (width - 2 * margin);
        const base = height - 7, head = x(this.place);
        g.setTransform(ratio, 0, 0, ratio, 0, 0);
        g.clearRect(0, 0, width, height);
        g.fillStyle = colours['line-strong'];
        g.fillRect(0, base, width, 1);
        const most = Math.log2(this.most + 1);
        for (let i = 0; i < columns.length; i++) {
            if (!columns[i]) continue;
            const left = margin - 1 + (columns.length > 1 ? i / (columns.length - 1) * (width - 2 * margin) : 0);
            const tall = 2 + (base - 11) * Math.log2(columns[i] + 1) / most;
            g.fillStyle = left <= head ? colours.soft : colours['line-strong'];
            g.fillRect(left, base - tall, 2, tall);
        }
        g.fillStyle = colours.mark;
        let drawn = -9;
        for (const prompt of tape.prompts) {
            const at = x(tape.placeOf(prompt.seq));
            if (at - drawn < 6) continue;
            drawn = at;
            g.beginPath();
            g.arc(at, base + .5, 2.5, 0, 7);
            g.fill();
        }
        g.fillRect(head - 1, 2, 2, base);
        g.beginPath();
        g.arc(head, 4.5, 4, 0, 7);
        g.fill();
    }
}
