// Differences side by side: a switch for wide windows. The server's table stays as it is, unseen; a node of our own before it
// shows its lines beside each other, made when the table comes near what the reader sees, and again when it changes.

const sides = {
    wide: matchMedia('(min-width: 80rem)'), // as theme.js and the style sheet have it
    chosen: kept.get('diffs') === 'sides',
    near: new IntersectionObserver(entries => {
        for (const { isIntersecting, target: table } of entries) {
            if (!isIntersecting) continue;
            sides.near.unobserve(table);
            sides.show(table);
        }
    }, { rootMargin: '600px' }),
    changes: new MutationObserver(records => {
        for (const table of new Set(records.map(({ target }) => (target.closest ? target : target.parentElement)?.closest('.diff-lines'))))
            if (table?.isConnected && sides.on()) sides.show(table);
    }),

    on: () => document.documentElement.classList.contains('sides'),

    show(table) {
        const old = table.previousElementSibling, now = pairLines(table);
        if (old?.matches('.diff-sides')) {
            const top = old.scrollTop;
            old.replaceWith(now);
            now.scrollTop = top;
            return;
        }
        table.before(now);
        this.changes.observe(table, { childList: true, characterData: true, attributes: true, subtree: true });
    },

    watch(root) {
        if (this.on()) for (const table of findAll('.diff-lines', root)) this.near.observe(table);
    },

    isInView(table) {
        const { top, bottom } = table.getBoundingClientRect();
        return bottom > top && bottom > 0 && top < innerHeight;
    },

    turn() {
        const on = this.chosen && this.wide.matches;
        if (on !== this.on()) {
            const root = document.documentElement, seen = byId('messages') ? anchor() : null;
            const inView = findAll('.diff-lines').filter(table => this.isInView(table));
            root.style.overflowAnchor = 'none'; // the place is kept here, and not twice
            root.classList.toggle('sides', on);
            if (on) for (const table of inView) this.show(table);
            else {
                this.near.disconnect();
                this.changes.disconnect();
                for (const view of findAll('.diff-sides')) view.remove();
            }
            keepPlace(seen);
            requestAnimationFrame(() => requestAnimationFrame(() => root.style.removeProperty('overflow-anchor')));
        }
        this.watch(document);
    },
};

/** The lines of a table: what was dropped on the left, what was added on the right, what became each other beside each other. */
function pairLines(table) {
    const rows = [], pairs = new Map(); // [left, right]
    for (const line of table.rows) {
        const pair = line.dataset.pair, other = pairs.get(pair);
        if (line.matches('.add') && other) other[1] = line;
        else if (line.matches('.add')) rows.push([null, line]);
        else if (line.matches('.del')) rows.push([line, null]);
        else rows.push([line, line]);
        if (pair && line.matches('.del')) pairs.set(pair, rows[rows.length - 1]);
    }
    const half = (line, number) => {
        if (!line) return [make('td', { className: 'none', colSpan: 2 })];
        const cells = [find(number, line), find('.line', line)].map(cell => cell.cloneNode(true));
        for (const cell of cells) cell.classList.add(...line.classList);
        return cells;
    };
    const body = make('tbody', {}, ...rows.map(([left, right]) => {
        if (!left?.matches('.hunk')) return make('tr', {}, ...half(left, '.old'), ...half(right, '.new'));
        return make('tr', {}, make('td', { className: 'hunk', colSpan: 4, textContent: find('.line', left).textContent }));
    }));
    const columns = ['number', 'text', 'number', 'text'].map(className => make('col', { className }));
    return make('div', { className: 'diff-sides', 'data-own': '' }, make('table', {}, make('colgroup', {}, ...columns), body));
}

function addSidesSwitch() {
    const top = find('.top');
    if (!top) return;
    const button = make('button', { type: 'button', className: 'sides-switch', title: 'Differences side by side (s)', 'aria-label': 'Differences side by side' },
        drawing('M1 2.5h6.2v11H1ZM8.8 2.5H15v11H8.8ZM10.3 4v8h3.2V4Z'));
    button.setAttribute('aria-pressed', sides.chosen);
    button.setAttribute('aria-keyshortcuts', 's');
    sides.switch = () => {
        if (!sides.wide.matches) { say('Side by side needs a wider window', true); return; }
        sides.chosen = !sides.chosen;
        kept.set('diffs', sides.chosen ? 'sides' : null);
        button.setAttribute('aria-pressed', sides.chosen);
        sides.turn();
        say(sides.chosen ? 'Differences side by side' : 'Differences in one column', true);
    };
    button.addEventListener('click', () => sides.switch());
    sides.wide.addEventListener('change', () => sides.turn());
    top.append(button);
    sides.turn();
}
