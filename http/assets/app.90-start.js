// Begin.

document.body.append(voice);
dress(document);
addSidesSwitch();
addThemeSwitch();
watchCode(document);
if (share && byId('messages') && (location.protocol !== 'file:' || window.offline)) {
    turns.start();
    player.start();
    listenToKeys();
    live.start(); // of a moment in the past too: it says how far behind it is, and leads back
}
