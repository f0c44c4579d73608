// Before anything is painted: what the reader chose, where the system's choice was not it; and that scripts run.
(function (root) {
    let chosen = null, diffs = null;
    try {
        chosen = localStorage.getItem('theme');
        diffs = localStorage.getItem('diffs');
    } catch { /* no storage: the system's choice */ }
    if (diffs === 'sides' && matchMedia('(min-width: 80rem)').matches) root.classList.add('sides');
    if (chosen === 'light' || chosen === 'dark') root.dataset.theme = chosen;
    root.classList.add('scripted');
})(document.documentElement);
