// Code: coloured when it comes near what the reader sees, and only then is the highlighter loaded; a button that copies it.

const codeBytes = 40000; // longer blocks stay plain: colouring them would hold the page up
let highlighter = null;

function loadHighlighter() {
    highlighter ??= new Promise((done, fail) => {
        const script = make('script', { src: '@asset(highlight.js)' });
        script.addEventListener('load', () => {
            // Debian keeps version 9 and mends it; upstream's advice to upgrade is not for the reader's console.
            hljs.configure({ hideUpgradeWarningAcceptNoSupportOrSecurityUpdates: true });
            done(hljs);
        });
        script.addEventListener('error', fail);
        document.head.append(script);
    });
    return highlighter;
}

async function colour(code) {
    const name = /(?:^|\s)language-(\S+)/.exec(code.className)?.[1];
    const text = code.textContent;
    // A file that holds a session is without the highlighter; a character that is pointed out stays so.
    if (window.offline || !name || name === 'text' || 'lit' in code.dataset || text.length > codeBytes || !text ||
        find('.char', code)) return;
    code.dataset.lit = '';
    try {
        const lighter = await loadHighlighter();
        // What it gives is its own spans around escaped text.
        if (lighter.getLanguage(name) && code.textContent === text) code.innerHTML = lighter.highlight(name, text, true).value;
    } catch { /* plain, then */ }
}

const codeNear = new IntersectionObserver(entries => {
    for (const { isIntersecting, target: pre } of entries) {
        if (!isIntersecting) continue;
        codeNear.unobserve(pre);
        const code = find('code', pre);
        if (code) colour(code);
        if (!pre.previousElementSibling?.matches('.code-tools'))
            pre.before(make('div', { className: 'code-tools', 'data-own': '' }, make('button', { type: 'button', className: 'copy', textContent: 'Copy' })));
    }
}, { rootMargin: '600px' });

/** Look after the code in `root`. */
function watchCode(root) {
    for (const pre of findAll('pre.code, pre.terminal, .text > pre', root)) codeNear.observe(pre);
}
