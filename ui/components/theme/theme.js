// Tells the server when the page's theme has changed. The page takes a moment to follow the browser; where it
// does not, as its theme is fixed, nothing is told.
const TRIES = 20; // every tenth of a second
const dark = matchMedia("(prefers-color-scheme: dark)");

export default function ({ data, setTriggerValue }) {
  const tell = (tries) => {
    if (getComputedStyle(document.querySelector(".stApp")).colorScheme !== data.drawn) setTriggerValue("changed", true);
    else if (tries) setTimeout(tell, 100, tries - 1);
  };
  dark.onchange = () => tell(TRIES);
}
