// A run's button is replaced by the next one (Certify, Cancel, Resume): the keyboard's focus goes with it.
const BUTTONS = ["Cancel", "Resume", "Certify"].map((key) => `.st-key-${key} button:enabled`).join();
const TRIES = 100; // every tenth of a second: the page takes its time to replace the old button
let pressed = false;

document.addEventListener("click", ({ target }) => {
  pressed = target.closest(BUTTONS) !== null;
}, true);

const follow = (tries) => {
  if (!pressed || !tries) return;
  if (document.activeElement === document.body) document.querySelector(BUTTONS)?.focus();
  setTimeout(follow, 100, tries - 1);
};

export default function () {
  follow(TRIES);
}
