'use strict';
// In a file that holds a whole session, this answers what the page would ask the server for. The file has the way back to the
// first event and every step forward; so each piece of the page (an article, the head …) has versions, each from a sequence on,
// and what differs between two moments is what has another version at the one than at the other.
(function () {
    const steps = [...document.querySelectorAll('script.step')];
    if (!steps.length) return;
    window.offline = true;
    // A file ends where it was made, be that in the past or not: its last moment is its now.
    document.body.dataset.last = steps[steps.length - 1].dataset.to;
    document.body.dataset.at = '';

    let versions = null; // id → [[sequence, element or null (not there)] …], in order
    const times = []; // [sequence, time] of each step
    const undone = new Set(), folded = { matches: () => false, outerHTML: '' }; // what lies in the fold comes with it
    function read() {
        if (versions) return;
        versions = new Map();
        const note = (id, to, element) => (versions.get(id) ?? versions.set(id, []).get(id)).push([to, element]);
        for (const step of steps) {
            const to = Number(step.dataset.to), holder = document.createElement('template');
            holder.innerHTML = step.textContent;
            const update = holder.content.querySelector('.update');
            times.push([to, Number(update.dataset.time)]);
            for (const element of [...update.children]) {
                const id = element.dataset.id ?? element.id;
                // An update says nothing of the fold of undone messages once it is empty.
                if (undone.has(id) && !update.querySelector('#undone')) { note('undone', to, null); undone.clear(); }
                if (element.matches('template.dropped')) note(id, to, null);
                else note(id, to, element);
                if (id !== 'undone') continue;
                undone.clear();
                for (const article of element.querySelectorAll(':scope > article')) { undone.add(article.id); note(article.id, to, folded); }
            }
            step.remove();
        }
    }
    const at = (list, sequence) => list.findLast(([from]) => from <= sequence)?.[1] ?? null;

    function update(from, to) {
        read();
        const time = times.findLast(([sequence]) => sequence <= to)?.[1] ?? 0, rest = [], articles = [];
        for (const [id, list] of versions) {
            const before = at(list, from), now = at(list, to);
            if (before === now) continue;
            if (now?.matches('article')) articles.push(now);
            else if (now) rest.push(now.outerHTML);
            else if (id !== 'undone') rest.push(`<template class="dropped" data-id="${id.replace(/[&"<]/g, c => `&#${c.charCodeAt(0)};`)}"></template>`);
        }
        articles.sort((a, b) => a.id < b.id ? -1 : 1); // as the page has them: each behind the one it comes after
        return `<div class="update" data-from="${from}" data-to="${to}" data-time="${time}">${articles.map(a => a.outerHTML).join('')}${rest.join('')}</div>`;
    }

    function timeline() {
        read();
        const all = JSON.parse(document.getElementById('timeline').textContent), known = new Set(times.map(([sequence]) => sequence));
        const last = times[times.length - 1][0];
        return JSON.stringify({ events: all.events.filter(([sequence]) => known.has(sequence)), prompts: all.prompts.filter(([sequence]) => sequence <= last), messages: [...new Set(all.messages.map(from => times.find(([sequence]) => sequence >= from)?.[0] ?? last))] });
    }

    window.fetch = async address => {
        const url = new URL(address, 'http://offline'), number = name => Number(url.searchParams.get(name));
        if (url.pathname.endsWith('/update')) return new Response(update(number('from'), number('to')));
        if (url.pathname.endsWith('/timeline')) return new Response(timeline());
        return new Response('', { status: 404 });
    };
    // Nothing comes in, and nothing is lost.
    window.EventSource = class {
        constructor() { this.readyState = 1; }
        addEventListener(name, listener) { if (name === 'open') setTimeout(listener); }
        close() { }
    };
    // A file's address carries no moment in every browser.
    const replace = history.replaceState.bind(history);
    history.replaceState = (...given) => { try { replace(...given); } catch { /* then not */ } };
})();
