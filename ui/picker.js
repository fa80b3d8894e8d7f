// A grid of thumbnails; a click tells which one.
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".pictures");
  const { choices, chosen } = data;
  const names = choices.map((choice) => choice.spec).join();
  if (grid.dataset.names !== names) {
    grid.dataset.names = names;
    grid.replaceChildren(
      ...choices.map(({ spec, title, image }) => {
        const button = document.createElement("button");
        button.type = "button";
        button.title = title;
        button.dataset.spec = spec;
        const picture = document.createElement("img");
        picture.src = image;
        picture.alt = title;
        button.append(picture);
        return button;
      }),
    );
  }
  for (const button of grid.children) {
    const { spec } = button.dataset;
    button.setAttribute("aria-pressed", String(spec === chosen));
    button.onclick = () => setTriggerValue("picked", spec);
  }
}
