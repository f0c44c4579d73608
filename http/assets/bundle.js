'use strict';
// The bundle that this file carries, as a file of its own.
(function () {
    const holder = document.querySelector('script#bundle'), button = document.querySelector('.save-bundle');
    if (!holder || !button || !window.DecompressionStream) return;
    button.hidden = false;
    button.addEventListener('click', async () => {
        const bytes = Uint8Array.from(atob(holder.textContent), c => c.charCodeAt(0));
        const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(holder.dataset.encoding));
        const link = document.createElement('a');
        link.href = URL.createObjectURL(await new Response(stream).blob());
        link.download = button.dataset.name;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    });
})();
