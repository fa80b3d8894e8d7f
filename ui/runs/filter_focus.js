// A filter is done with once something is chosen: its box lets go of the keyboard, so that the next key leads
// through the pictures and is not typed into the box.
const choosing = ({ type, key, target }) =>
  type === "click" ? target.closest("[role=option]") : key === "Enter" && target.ariaExpanded === "true";

const letGo = (event) => {
  if (!document.querySelector(".st-key-picture-keys") || !choosing(event)) return;
  setTimeout(() => document.activeElement.closest(".stSelectbox") && document.activeElement.blur());
};

document.addEventListener("click", letGo, true);
document.addEventListener("keydown", letGo, true);

export default function () {}
