// Where the keyboard's focus goes when the page changes under it.

// A run's button is replaced by the next one (Certify, Cancel, Resume): the focus goes with it.
const RUN_BUTTONS = ["Cancel", "Resume", "Certify"].map((key) => `.st-key-${key} button:enabled`).join();
const TRIES = 100; // every tenth of a second: the page takes its time to replace the old button
let pressed = false;

document.addEventListener("click", ({ target }) => {
  pressed = target.closest(RUN_BUTTONS) !== null;
}, true);

const followRunButton = (tries) => {
  if (!pressed || !tries) return;
  if (document.activeElement === document.body) document.querySelector(RUN_BUTTONS)?.focus();
  setTimeout(followRunButton, 100, tries - 1);
};

// A filter is done with once something is chosen: its box lets go of the focus, so that the next key leads
// through the pictures and is not typed into the box.
const choosesOption = ({ type, key, target }) =>
  type === "click" ? target.closest("[role=option]") : key === "Enter" && target.ariaExpanded === "true";

const leaveFilter = (event) => {
  if (!document.querySelector(".st-key-picture-keys") || !choosesOption(event)) return;
  setTimeout(() => document.activeElement.closest(".stSelectbox") && document.activeElement.blur());
};

document.addEventListener("click", leaveFilter, true);
document.addEventListener("keydown", leaveFilter, true);

// The row of steps keeps the arrow keys to itself while it has the focus: Next gets it, as they step too.
document.addEventListener("click", ({ target }) => {
  if (target.closest(".st-key-step-row")) document.querySelector(".st-key-step-next button:enabled")?.focus();
}, true);

export default function () {
  followRunButton(TRIES);
}
