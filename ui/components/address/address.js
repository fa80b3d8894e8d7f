// Replaces the address in the browser's history. Streamlit reads it from there with the next run.
const ITS_OWN = ["embed", "embed_options"];
let told = ""; // the whole address that was written here last

const described = (parameters) =>
  JSON.stringify(Object.entries(parameters).filter(([name]) => !ITS_OWN.includes(name)).sort());

export default function ({ data }) {
  const now = [...new URLSearchParams(window.location.search)];
  const begun = data.begun.map(described).includes(described(Object.fromEntries(now)));
  if (!begun && window.location.href !== told) return;
  const kept = new URLSearchParams(now.filter(([name]) => ITS_OWN.includes(name))).toString();
  const query = [kept, data.query].filter(Boolean).join("&");
  const search = query && `?${query}`;
  if (search !== window.location.search)
    window.history.replaceState({}, "", `${window.location.pathname}${search}${window.location.hash}`);
  told = window.location.href;
}
