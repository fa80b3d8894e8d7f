// A grid of thumbnails; a click tells which one. One tab stop: arrow keys move inside, Enter or Space choose.
const MOVES = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: (columns) => -columns,
  ArrowDown: (columns) => columns,
};

const build = ({ spec, title, image, mark, note }) => {
  const button = document.createElement("button");
  button.type = "button";
  button.title = title;
  button.dataset.spec = spec;
  button.setAttribute("role", "radio");
  if (image) {
    const picture = document.createElement("img");
    picture.src = image;
    picture.alt = title;
    button.append(picture);
  }
  if (note) {
    const words = document.createElement("span");
    words.textContent = note;
    words.style.setProperty("--mark", mark);
    button.append(words);
  }
  return button;
};

const makeStop = (grid, stop) => {
  for (const button of grid.children) button.tabIndex = button === stop ? 0 : -1;
};

const move = (grid, event) => {
  const buttons = [...grid.children];
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
  const step = MOVES[event.key]?.(columns);
  const next = buttons[buttons.indexOf(event.target.closest("button")) + step];
  if (step === undefined) return;
  event.preventDefault();
  if (!next) return;
  makeStop(grid, next);
  next.focus();
};

const scrollTo = (grid, button) => {
  grid.scrollTop = button.offsetTop - (grid.clientHeight - button.offsetHeight) / 2;
};

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".pictures");
  const { choices, chosen } = data;
  grid.classList.toggle("large", Boolean(data.large));
  const names = choices.map((choice) => choice.spec + (choice.note ?? "")).join();
  const first = grid.dataset.names !== names;
  if (first) {
    grid.dataset.names = names;
    grid.replaceChildren(...choices.map(build));
    grid.onkeydown = (event) => move(grid, event);
  }
  for (const button of grid.children) {
    const { spec } = button.dataset;
    button.setAttribute("aria-checked", String(spec === chosen));
    button.onclick = () => setTriggerValue("picked", spec);
  }
  const marked = grid.querySelector('[aria-checked="true"]');
  if (first || grid.dataset.chosen !== chosen) makeStop(grid, marked ?? grid.firstElementChild);
  if (first && marked) {
    // Also when the sidebar is first seen later, as on a phone.
    new ResizeObserver((_, observer) => {
      if (!grid.clientHeight) return;
      observer.disconnect();
      scrollTo(grid, marked);
    }).observe(grid);
  }
  grid.dataset.chosen = chosen;
}
