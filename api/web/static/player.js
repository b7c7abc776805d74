// The player of an opened clip. Nothing is fetched from outside: icons and the blank film are ours.
"use strict";
(() => {
  const media = document.querySelector("[data-player]");
  if (!media) return;
  const bearers = [...document.querySelectorAll(".stage-box .bearer")];
  const player = new Plyr(media, {
    iconUrl: media.dataset.icons,
    blankVideo: media.dataset.blank,
    loadSprite: true,
    controls: ["play-large", "play", "progress", "current-time", "duration", "mute", "volume", "settings", "fullscreen"],
    settings: ["speed"],
    speed: { selected: 1, options: [0.25, 0.5, 1, 1.5, 2, 4] },
    i18n: JSON.parse(media.dataset.words),
    keyboard: { focused: true, global: false },
    storage: { enabled: false },
    fullscreen: { enabled: true, fallback: true, iosNative: false },
  });
  // The viewer's name goes where the picture goes, into full screen too.
  player.on("ready", () => {
    for (const bearer of bearers) player.elements.container.append(bearer);
  });
})();
