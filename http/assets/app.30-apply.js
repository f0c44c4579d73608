// Put an update into the page: the same few rules serve live, replay and jumps. What did not change stays the very node it
// was, so a selection, an opened fold, a scrolled block and the reader's place survive.

// Folds that the reader opened or closed: the server's wish for them counts no more.
const held = new WeakSet();
document.addEventListener('click', event => {
    const fold = event.target.closest?.('summary')?.parentElement;
    if (fold?.matches('details')) held.add(fold);
});

const ownNode = node => node.nodeType === Node.ELEMENT_NODE && 'own' in node.dataset;
const ownAttribute = (element, name) => name === 'data-lit' || name === 'aria-current' || name === 'data-busy' || (name === 'open' && held.has(element));

function withoutOwn(node) {
    while (node && ownNode(node)) node = node.nextSibling;
    return node;
}

function remove(node) {
    if (node.previousSibling && ownNode(node.previousSibling)) node.previousSibling.remove();
    node.remove();
}

function insertBefore(parent, node, next) {
    if (next?.previousSibling && ownNode(next.previousSibling)) next = next.previousSibling;
    parent.insertBefore(node, next);
}

function morphText(old, now) {
    if (old.data === now.data) return false;
    const limit = Math.min(old.length, now.length);
    let same = 0;
    while (same < limit && old.data[same] === now.data[same]) same++;
    old.replaceData(same, old.length - same, now.data.slice(same));
    return true;
}

function morphAttributes(old, now) {
    let changed = false;
    for (const { name, value } of now.attributes)
        if (old.getAttribute(name) !== value && !ownAttribute(old, name)) { old.setAttribute(name, value); changed = true; }
    for (const { name } of [...old.attributes])
        if (!now.hasAttribute(name) && !ownAttribute(old, name)) { old.removeAttribute(name); changed = true; }
    return changed;
}

function morphChildren(old, now, log) {
    const keyed = new Map();
    for (const child of old.children) if (child.id) keyed.set(child.id, child);
    let at = withoutOwn(old.firstChild), changed = false;
    for (const child of [...now.childNodes]) {
        const match = child.id ? keyed.get(child.id) : at;
        if (match && match.nodeType === child.nodeType && match.nodeName === child.nodeName && (match.id ?? '') === (child.id ?? '')) {
            if (match === at) at = withoutOwn(at.nextSibling);
            else { insertBefore(old, match, at); changed = true; }
            changed = morph(match, child, log) || changed;
        } else {
            insertBefore(old, child, at);
            if (child.nodeType === Node.ELEMENT_NODE && child.matches('.part')) log.added.push(child);
            changed = true;
        }
    }
    while (at) {
        const next = withoutOwn(at.nextSibling);
        remove(at);
        at = next;
        changed = true;
    }
    return changed;
}

/** Make `old` what `now` is; true if it was not. Uses `now` up. Parts that were added or changed go into the log. */
function morph(old, now, log) {
    if (old.nodeType !== Node.ELEMENT_NODE) return morphText(old, now);
    if (old.isEqualNode(now)) return false;
    if ('lit' in old.dataset) { // coloured code: its text says whether it changed
        if (old.textContent === now.textContent && old.className === now.className) return false;
        delete old.dataset.lit;
        old.className = now.className;
        old.textContent = now.textContent;
        codeNear.observe(old.closest('pre') ?? old);
        return true;
    }
    const attributes = morphAttributes(old, now), children = morphChildren(old, now, log);
    const changed = attributes || children;
    if (changed && old.matches('.part') && !log.added.includes(old)) log.changed.push(old);
    return changed;
}

/** Put one article in its place among the messages. */
function place(article, log) {
    const messages = byId('messages'), after = article.dataset.after;
    let old = byId(article.id);
    if (old && !messages.contains(old)) old = null;
    if (old) {
        if (morph(old, article, log) && !findAll('.part', old).some(part => log.changed.includes(part) || log.added.includes(part)))
            log.changed.push(old);
    } else {
        log.added.push(...(findAll('.part', article).length ? findAll('.part', article) : [article]));
        log.articles++;
        old = article;
    }
    const before = after ? byId(after) : null, wanted = article.dataset.undone ? undoneFold() : messages;
    if (before?.parentElement === wanted) {
        if (old.previousElementSibling !== before) before.after(old);
    } else if (wanted !== messages) { // the first of those that were undone
        const summary = find('summary', wanted);
        if (old.previousElementSibling !== summary) summary.after(old);
    } else if (!after) {
        if (old.parentElement !== messages || old.previousElementSibling?.matches('.message')) messages.prepend(old);
    } else if (old.parentElement !== messages) {
        messages.insertBefore(old, byId('undone'));
    }
}

/** The fold at the end that undone messages lie in. */
function undoneFold() {
    let fold = byId('undone');
    if (!fold) {
        fold = make('details', { className: 'undone', id: 'undone' }, make('summary'));
        byId('messages').append(fold);
    }
    return fold;
}

function countUndone() {
    const fold = byId('undone');
    if (!fold) return;
    const count = fold.querySelectorAll(':scope > .message').length, text = `${count} undone message${count === 1 ? '' : 's'}`;
    if (!count) fold.remove();
    else if (find('summary', fold).textContent !== text) find('summary', fold).textContent = text;
}

// ---- the reader's place ----

const endSlack = 120;
// What comes into view is laid out only then, and may be taller than was thought: a place that is gone to is held until
// nothing moves any more, or the reader does something.
const settling = { way: null, quiet: 0, frames: 0 };
const quietFrames = 20, mostFrames = 240;
for (const type of ['wheel', 'touchmove', 'keydown', 'pointerdown']) addEventListener(type, () => { settling.way = null; }, { passive: true, capture: true });

/** Go where `way` says how far it is still, and stay there while the page grows around it. */
function settle(way) {
    const running = settling.way !== null;
    Object.assign(settling, { way, quiet: 0, frames: 0 });
    const hold = () => {
        if (!settling.way) return;
        const before = scrollY, left = settling.way();
        if (Math.abs(left) >= 1) scrollBy({ top: left, behavior: 'instant' });
        settling.quiet = Math.abs(scrollY - before) >= 1 ? 0 : settling.quiet + 1;
        if (settling.quiet < quietFrames && ++settling.frames < mostFrames) requestAnimationFrame(hold);
        else settling.way = null;
    };
    if (running) { if (Math.abs(way()) >= 1) scrollBy({ top: way(), behavior: 'instant' }); } else hold();
}

const fromEnd = () => document.documentElement.scrollHeight - innerHeight - scrollY;
const atEnd = () => settling.way === fromEnd || fromEnd() < endSlack;
const toEnd = () => settle(fromEnd);

/** Something that the reader sees, and where it is. */
function anchor() {
    const bar = find('.top')?.getBoundingClientRect().bottom ?? 0;
    const x = find('#messages')?.getBoundingClientRect().left + 40;
    for (let y = Math.max(bar, 0) + 12; y < innerHeight; y += 60) {
        const element = document.elementFromPoint(x, y)?.closest('.part[id], .message[id]');
        if (element) return { element, id: element.id, top: element.getBoundingClientRect().top };
    }
    return null;
}

function keepPlace(place) {
    const element = place && (place.element.isConnected ? place.element : byId(place.id));
    if (!element) return;
    const moved = element.getBoundingClientRect().top - place.top;
    if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: 'instant' });
}

/** Apply an update's HTML. Gives what changed: {added, changed: [element…], articles, dropped, time}. */
function applyUpdate(html, follow) {
    const log = { added: [], changed: [], articles: 0, dropped: 0, time: 0 };
    const update = new DOMParser().parseFromString(html, 'text/html').querySelector('.update'); // nothing in it runs
    if (!update) throw new Error('not an update');
    log.time = Number(update.dataset.time);
    const root = document.documentElement, seen = follow ? null : anchor(), wasTitle = find('#head h1')?.textContent;
    root.style.overflowAnchor = 'none'; // the place is kept here, and not twice
    for (const element of findAll('.changed, .fresh')) {
        element.classList.remove('changed', 'fresh');
        if (!element.className) element.removeAttribute('class');
    }
    document.adoptNode(update);
    dress(update);
    for (const { dataset: { id } } of findAll('template.dropped', update)) {
        const gone = byId(id);
        if (gone) { remove(gone); log.dropped++; }
    }
    for (const now of update.children) {
        const old = now.id && !now.matches('article, .undone') ? byId(now.id) : null;
        if (old) morph(old, now.cloneNode(true), { added: [], changed: [] });
    }
    const touched = findAll('article[id]', update).map(article => article.id);
    for (const article of findAll(':scope > article', update)) place(article, log);
    const undone = find(':scope > .undone', update), wasUndone = byId('undone');
    if (undone) { // all of it, as one
        for (const article of findAll('article[id]', undone)) { const old = byId(article.id); if (old && !wasUndone?.contains(old)) remove(old); }
        if (wasUndone) morph(wasUndone, undone, log); else byId('messages').append(undone);
    }
    countUndone();
    for (const id of [...touched, 'diff']) { const element = byId(id); if (element) { watchCode(element); sides.watch(element); } }
    if (follow) toEnd(); else keepPlace(seen);
    requestAnimationFrame(() => requestAnimationFrame(() => root.style.removeProperty('overflow-anchor')));
    const title = find('#head h1')?.textContent;
    if (title && wasTitle && title !== wasTitle) document.title = document.title.replace(wasTitle, title);
    turns.collect();
    return log;
}
