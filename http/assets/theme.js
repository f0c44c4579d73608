// Before anything is painted: what the reader chose, where the system's choice was not it; and that scripts run.
(function (root) {
    let chosen = null;
    try { chosen = localStorage.getItem('theme'); } catch { /* no storage: the system's choice */ }
    if (chosen === 'light' || chosen === 'dark') root.dataset.theme = chosen;
    root.classList.add('scripted');
})(document.documentElement);
