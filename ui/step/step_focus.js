// The row of steps keeps the arrow keys to itself while it has the focus: Next gets it, as they step too.
document.addEventListener("click", ({ target }) => {
  if (target.closest(".st-key-step-row")) document.querySelector(".st-key-step-next button:enabled")?.focus();
}, true);

export default function () {}
