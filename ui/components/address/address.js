// Replaces the address in the browser's history. Streamlit reads it from there with the next run.

// Streamlit opens a link to the page that one is on and leaves the address as it was: the next press of anything
// would lead back.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-testid=stPageLink-NavLink], a[data-testid=stSidebarNavLink]");
  const opensElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!link || opensElsewhere || link.pathname !== location.pathname || link.search === location.search) return;
  window.history.pushState({}, "", link.href);
}, true);

const ITS_OWN = ["embed", "embed_options"];

const described = (parameters) =>
  JSON.stringify(Object.entries(parameters).filter(([name]) => !ITS_OWN.includes(name)).sort());

export default function ({ data }) {
  const now = [...new URLSearchParams(window.location.search)];
  if (!data.begun.map(described).includes(described(Object.fromEntries(now)))) return;
  const kept = new URLSearchParams(now.filter(([name]) => ITS_OWN.includes(name))).toString();
  const query = [kept, data.query].filter(Boolean).join("&");
  if (`?${query}` !== window.location.search)
    window.history.replaceState({}, "", `${window.location.pathname}?${query}${window.location.hash}`);
}
