// Begin.

document.body.append(voice);
dress(document);
addThemeSwitch();
watchCode(document);
if (share && byId('messages')) {
    turns.start();
    player.start();
    listenToKeys();
    if (document.body.dataset.live !== '0') live.start();
    else live.become('off');
}
