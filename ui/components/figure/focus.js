// Streamlit draws a chart anew in full screen and back, its button too: the keyboard's focus goes with it.
const CLOSE = 'button[aria-label^="Close fullscreen"]';
const TRIES = 20; // every twentieth of a second
let enlarged = ""; // what the button of the chart in full screen is called outside

const followEnlarging = (tries) => {
  const open = [...document.querySelectorAll("button")].find(({ ariaLabel }) => ariaLabel === enlarged);
  if (document.activeElement === document.body) (document.querySelector(CLOSE) ?? open)?.focus();
  if (tries) setTimeout(followEnlarging, 50, tries - 1);
};

document.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  const opens = button?.ariaLabel?.startsWith("Fullscreen");
  if (opens) enlarged = button.ariaLabel;
  if (opens || button?.matches(CLOSE)) followEnlarging(TRIES);
}, true);

document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && document.querySelector(CLOSE)) followEnlarging(TRIES);
}, true);
