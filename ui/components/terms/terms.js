// Formulas above bars. A term and the segment it belongs to light up together, by pointer or by keyboard:
// one tab stop, arrow keys move inside. Nodes are kept from one tick to the next.
const make = (tag, parent, name = "") => {
  const node = document.createElement(tag);
  node.className = name;
  parent.append(node);
  return node;
};

// "x_{rs}" and "e^τ" with their marks low and high.
const write = (node, text) => {
  if (node.dataset.text === text) return;
  node.dataset.text = text;
  node.replaceChildren();
  for (const piece of text.split(/([_^](?:\{[^}]*\}|.))/)) {
    const mark = { _: "sub", "^": "sup" }[piece[0]];
    if (mark) make(mark, node).textContent = piece.slice(1).replace(/[{}]/g, "");
    else node.append(piece);
  }
};

const fill = (parent, count, tag, name) => {
  while (parent.children.length > count) parent.lastChild.remove();
  while (parent.children.length < count) make(tag, parent, name);
};

const showTerm = (node, key, terms) => {
  node.dataset.term = key;
  node.style.setProperty("--colour", terms[key].colour);
};

const showRow = (row, { title, left, parts, total, cut, words }, { end, terms }) => {
  if (!row.children.length) {
    make("b", row);
    make("span", row, "formula");
    make("span", row, "said");
    make("div", row, "track");
  }
  const [name, formula, said, track] = row.children;
  name.textContent = title;
  write(said, words);
  fill(formula, 1 + parts.length, "span", "");
  write(formula.children[0], left);
  fill(track, parts.length + 1, "span", "segment");
  parts.forEach(({ term, value }, i) => {
    const node = formula.children[i + 1];
    node.className = i ? "plus term" : "term";
    write(node, terms[term].symbol);
    showTerm(node, term, terms);
    const segment = track.children[i];
    segment.className = "segment";
    segment.style.flexBasis = `${(100 * value) / end}%`;
    showTerm(segment, term, terms);
  });
  const sum = track.lastChild;
  sum.className = "total";
  delete sum.dataset.term;
  sum.style.flexBasis = "";
  sum.textContent = cut ? `${total} →` : total;
  track.classList.toggle("cut", cut);
};

const marks = (root) => [...root.querySelectorAll("[data-term]")];

const light = (root, key, { terms, hint }) => {
  root.classList.toggle("lit-one", Boolean(key));
  for (const node of marks(root)) node.classList.toggle("lit", node.dataset.term === key);
  const words = root.querySelector(".words");
  words.hidden = !hint;
  write(words, key ? `${terms[key].symbol}: ${terms[key].words}` : hint);
};

const move = (root, event) => {
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
  const all = marks(root);
  const next = all[all.indexOf(event.target) + step];
  if (!step || !next) return;
  event.preventDefault();
  for (const node of all) node.tabIndex = node === next ? 0 : -1;
  next.focus();
};

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".terms");
  const rows = root.querySelector(".rows");
  fill(rows, data.rows.length, "div", "row");
  data.rows.forEach((row, i) => showRow(rows.children[i], row, data));
  const all = marks(root);
  const stop = all.find((node) => node.tabIndex === 0) ?? all[0];
  for (const node of all) node.tabIndex = node === stop ? 0 : -1;
  rows.classList.toggle("marked", data.mark !== null);
  rows.style.setProperty("--mark", data.mark / data.end);
  const show = (node) => light(root, node?.closest("[data-term]")?.dataset.term, data);
  const focused = () => root.querySelector("[data-term]:focus");
  root.onpointerover = (event) => show(event.target);
  root.onpointerleave = () => show(focused());
  for (const node of all) {
    node.onfocus = () => show(node);
    node.onblur = () => show(null);
  }
  root.onkeydown = (event) => move(root, event);
  show(root.querySelector("[data-term]:hover") ?? focused());
}
