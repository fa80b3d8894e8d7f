// Leads to the pictures in the sidebar: unfolds it where it is folded away, and gives the chosen one the focus.
const UNFOLDED = 400; // milliseconds until the sidebar is there

const chosenPicture = () => {
  const picker = document.querySelector('[data-testid="stSidebar"] [class*="st-key-picker-"]');
  const inside = picker && [...picker.querySelectorAll("*")].find(({ shadowRoot }) => shadowRoot);
  return inside?.shadowRoot.querySelector('[tabindex="0"]');
};

const lead = () => {
  const picture = chosenPicture();
  const kinds = document.querySelector('[data-testid="stSidebar"] [data-testid="stButtonGroup"] button');
  (picture ?? kinds)?.focus();
  picture?.scrollIntoView({ block: "nearest" });
};

export default function ({ parentElement }) {
  parentElement.querySelector("button").onclick = () => {
    const unfold = document.querySelector('[data-testid="stExpandSidebarButton"]');
    unfold?.click();
    setTimeout(lead, unfold ? UNFOLDED : 0);
  };
}
