// Cards of a picture and its bars. Nodes are kept from one step to the next, so that nothing flickers.
const LONG = 11; // letters of a name that has room beside its bar

const buildCard = (cards) => {
  const figure = make("figure", cards);
  make("div", figure, "picture");
  make("figcaption", figure);
  make("div", figure, "bars");
};

const buildBar = (bars) => {
  const bar = make("div", bars, "bar");
  make("span", bar);
  make("div", make("div", bar, "trough"));
  make("span", bar);
};

const showBar = (bar, { label, share, text, colour, leads }) => {
  const [name, trough, number] = bar.children;
  bar.className = leads ? "bar leads" : "bar";
  name.textContent = name.title = label;
  number.textContent = text;
  trough.firstChild.style.setProperty("--share", share);
  trough.firstChild.style.setProperty("--colour", colour);
};

const showCard = (figure, { title, image, bars }) => {
  const [picture, caption, list] = figure.children;
  fill(picture, image ? 1 : 0, (parent) => make("img", parent));
  if (image && picture.firstChild.src !== image) picture.firstChild.src = image;
  if (image) picture.firstChild.alt = title;
  caption.textContent = title;
  list.className = bars.some(({ label }) => label.length > LONG) ? "bars long" : "bars";
  fill(list, bars.length, buildBar);
  bars.forEach((bar, i) => showBar(list.children[i], bar));
};

export default function ({ data, parentElement }) {
  const cards = parentElement.querySelector(".cards");
  fill(cards, data.length, buildCard);
  data.forEach((card, i) => showCard(cards.children[i], card));
}
