// Frames side by side. Nodes are kept from one tick to the next, so that nothing flickers.
const buildFrame = (strip) => {
  if (strip.children.length % 2) {
    make("div", strip);
    return;
  }
  const figure = make("figure", strip);
  make("div", figure, "frame");
  const caption = make("figcaption", figure);
  make("b", caption);
  make("span", caption);
};

const showFrame = (figure, { title, caption, images, crisp, word, colour }) => {
  const [frame, text] = figure.children;
  frame.className = crisp ? "frame crisp" : "frame";
  text.children[0].textContent = title;
  text.children[1].textContent = caption;
  const columns = Math.ceil(Math.sqrt(images.length || 1));
  frame.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
  const kind = images.length ? "IMG" : "DIV";
  if (frame.firstChild && frame.firstChild.tagName !== kind) frame.replaceChildren();
  if (images.length) {
    fill(frame, images.length, (parent) => make("img", parent));
    images.forEach((url, i) => {
      const image = frame.children[i];
      image.alt = images.length > 1 ? `${title}, ${i + 1}` : title;
      if (image.src !== url) image.src = url;
    });
  } else {
    fill(frame, 1, (parent) => make("div", parent, "word"));
    frame.firstChild.textContent = word;
    frame.style.setProperty("--colour", colour);
  }
};

export default function ({ data, parentElement }) {
  const strip = parentElement.querySelector(".strip");
  const { frames, arrows } = data;
  strip.classList.toggle("without-arrows", !arrows);
  strip.style.setProperty("--frames", frames.length);
  fill(strip, Math.max(0, 2 * frames.length - 1), buildFrame);
  frames.forEach((frame, i) => {
    showFrame(strip.children[2 * i], frame);
    if (!i) return;
    const between = strip.children[2 * i - 1];
    between.className = frame.sign === "→" ? "arrow" : "arrow sign";
    between.textContent = frame.sign;
  });
}
