// Begin.

document.body.append(voice);
if (share) plainLinks();
dress(document);
addSidesSwitch();
addThemeSwitch();
watchCode(document);
if (find('.top')) listenToKeys();
if (share && byId('messages') && (location.protocol !== 'file:' || window.offline)) {
    turns.start();
    player.start();
    live.start(); // of a moment in the past too: it says how far behind it is, and leads back
}
