'use strict';
// What every page gets: times as the reader's clock has them, buttons that copy, a switch for light and dark. The pages are
// whole without any of it. The app.NN files are put together, in their order, into one script by ./embed.

const find = (selector, root = document) => root.querySelector(selector);
const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];
const byId = id => document.getElementById(id);
const calm = matchMedia('(prefers-reduced-motion: reduce)');

/** An element of `tag`, with properties (or, as data-*, aria-* and role, attributes) and children. */
function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties))
        if (name in element && !name.includes('-')) element[name] = value;
        else element.setAttribute(name, value);
    element.append(...children);
    return element;
}

/** A drawing of one path, 16 by 16. */
function drawing(path) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    svg.setAttribute('viewBox', '0 0 16 16');
    svg.setAttribute('aria-hidden', 'true');
    svg.setAttribute('fill', 'currentColor');
    line.setAttribute('d', path);
    svg.append(line);
    return svg;
}

// What a reader chose, where the browser lets us keep it.
const kept = {
    get(name) { try { return localStorage.getItem(name); } catch { return null; } },
    set(name, value) { try { value === null ? localStorage.removeItem(name) : localStorage.setItem(name, value); } catch { /* not kept */ } },
};

// ---- a voice for screen readers: polite, and never more often than one can listen to ----

const voice = make('p', { className: 'hush', role: 'status' });
const voiceEvery = 4000;
let voiceNext = null, voiceLast = -voiceEvery;
function say(text, now = false) {
    const pending = voiceNext !== null;
    voiceNext = text;
    if (pending && !now) return;
    setTimeout(() => {
        if (voiceNext === null) return;
        voice.textContent = voiceNext;
        voiceNext = null;
        voiceLast = performance.now();
    }, now ? 0 : Math.max(0, voiceLast + voiceEvery - performance.now()));
}

// ---- times ----

const two = n => String(n).padStart(2, '0');
const localTime = (d, ms) => `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}${ms ? '.' + String(d.getMilliseconds()).padStart(3, '0') : ''}`;
const localDate = d => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;

/** The server writes UTC; the same form in the reader's zone takes the same room, so nothing moves. */
function localise(time) {
    const form = /^(\d{4}-\d\d-\d\d[ T])?\d\d:\d\d:\d\d(\.\d{3})?( ?UTC| ?Z)?$/.exec(time.textContent.trim());
    const at = new Date(time.dateTime);
    if (!form || isNaN(at)) return;
    time.title = at.toISOString().replace('T', ' ').replace('Z', ' UTC');
    time.textContent = (form[1] ? localDate(at) + ' ' : '') + localTime(at, form[2]);
}

/** Make what the server sent ready to be used: a whole page, or a piece that is about to be put into it. */
function dress(root) {
    if (document.body.matches('.share')) // the other pages say that theirs are UTC
        for (const time of findAll('time[datetime]', root)) localise(time);
    for (const button of findAll('button.copy[hidden]', root)) button.hidden = false;
}

// ---- copying ----

async function copy(button, text) {
    const label = button.textContent;
    if (button.dataset.busy) return;
    button.dataset.busy = '';
    try {
        await navigator.clipboard.writeText(text);
        button.textContent = 'Copied';
        say('Copied', true);
    } catch {
        button.textContent = 'Failed';
        say('Copying failed', true);
    }
    setTimeout(() => { button.textContent = label; delete button.dataset.busy; }, 1400);
}

document.addEventListener('click', event => {
    const button = event.target.closest?.('button.copy');
    if (!button) return;
    const pre = button.parentElement.matches('.code-tools') ? button.parentElement.nextElementSibling : null;
    copy(button, pre ? pre.textContent : button.dataset.copy);
});

// ---- light and dark ----

function addThemeSwitch() {
    const top = find('.top');
    if (!top) return;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark';
    const button = make('button', { type: 'button', className: 'theme' }, drawing('M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 1.6v10.8A5.4 5.4 0 0 1 8 2.6Z'));
    const show = () => {
        button.setAttribute('aria-label', isDark() ? 'Switch to light' : 'Switch to dark');
        button.title = button.getAttribute('aria-label');
        document.dispatchEvent(new Event('theme'));
    };
    button.addEventListener('click', () => {
        const want = isDark() ? 'light' : 'dark', system = dark.matches ? 'dark' : 'light';
        if (want === system) delete document.documentElement.dataset.theme;
        else document.documentElement.dataset.theme = want;
        kept.set('theme', want === system ? null : want);
        show();
    });
    dark.addEventListener('change', show);
    top.append(button);
    show();
}

// ---- the turn in view ----

const turns = {
    links: [],
    current: null,
    collect() {
        this.links = findAll('#turns a[href^="#"]').map(link => ({ link, id: decodeURIComponent(link.hash.slice(1)) }));
        this.mark();
    },
    mark() {
        const line = innerHeight * .35;
        let low = 0, high = this.links.length; // the first turn that begins below the line
        while (low < high) {
            const middle = (low + high) >> 1;
            const top = byId(this.links[middle].id)?.getBoundingClientRect().top ?? -1;
            if (top <= line) low = middle + 1; else high = middle;
        }
        const link = this.links[Math.max(0, low - 1)]?.link ?? null;
        if (link === this.current && link?.hasAttribute('aria-current')) return;
        this.current?.removeAttribute('aria-current');
        this.current = link;
        if (!link) return;
        link.setAttribute('aria-current', 'true');
        const list = link.closest('ol'), top = link.offsetTop - list.offsetTop;
        if (top < list.scrollTop || top + link.offsetHeight > list.scrollTop + list.clientHeight)
            list.scrollTop = top - list.clientHeight / 2;
    },
    start() {
        let asked = false;
        this.collect();
        addEventListener('scroll', () => {
            if (asked) return;
            asked = true;
            requestAnimationFrame(() => { asked = false; this.mark(); });
        }, { passive: true });
    },
};
