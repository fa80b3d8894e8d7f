// A chart's numbers, folded, and the ways to save it. Nodes are kept from one tick to the next, so that a reader keeps the place.
const showRow = (row, cells, heads) => {
  cells.forEach((cell, i) => {
    const tag = heads || !i ? "TH" : "TD";
    if (!row.children[i]) make(tag, row);
    const node = row.children[i];
    if (tag === "TH") node.scope = heads ? "col" : "row";
    if (node.textContent !== cell) node.textContent = cell;
  });
  while (row.children.length > cells.length) row.lastChild.remove();
};

const showTable = (table, { columns, rows }, title) => {
  const [head, body] = table.children;
  table.ariaLabel = title;
  showRow(head.firstChild, columns, true);
  fill(body, rows.length, (parent) => make("tr", parent));
  rows.forEach((cells, i) => showRow(body.children[i], cells, false));
};

const build = (parent) => {
  const table = make("table", parent);
  make("tr", make("thead", table));
  make("tbody", table);
};

export default function ({ data, parentElement }) {
  const chart = (parentElement.host ?? parentElement).closest('[class*="st-key-figure-"]');
  showSaving(parentElement.querySelector(".save"), data, chart);
  const details = parentElement.querySelector("details");
  const [summary, tables, words] = details.children;
  summary.textContent = "In numbers";
  summary.ariaLabel = `In numbers: ${data.title}`;
  words.textContent = data.words;
  tables.tabIndex = 0; // it may have to be scrolled
  fill(tables, data.tables.length, build);
  data.tables.forEach((table, i) => showTable(tables.children[i], table, data.title));
}
