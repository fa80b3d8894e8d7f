// The board: paints with pointer and keys, says at once how long the change is, and tells it when one lets go.
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const REST = 600; // milliseconds after the last key until the change is told

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const down = (value) => (Math.floor(value * 1000) / 1000).toFixed(3); // as Python writes a length

class Board {
  constructor(root) {
    this.root = root;
    this.stroke = null; // the pointer that paints
  }

  show(data, tell) {
    Object.assign(this, { data, tell });
    if (data.revision !== this.revision) this.open(data);
    this.measure();
  }

  open({ revision, side, picture, drawn }) {
    this.revision = revision;
    if (this.painting?.side !== side) {
      this.parts = buildBoard(this.root, side);
      this.cursor = { x: side / 2, y: side / 2 };
      this.listen();
    }
    this.painting = new Painting(side, bytesOf(picture), bytesOf(drawn));
    this.draw();
  }

  get brush() {
    const { brushes, colour, size, strength } = this.parts;
    const kind = brushes.find(({ checked }) => checked).value;
    return { kind, colour: rgb(colour.value), size: +size.input.value, strength: +strength.input.value };
  }

  listen() {
    const { canvas, size, strength, whole, undo, clear, compare, colour, brushes } = this.parts;
    canvas.onpointerdown = (event) => this.press(event);
    canvas.onpointermove = (event) => this.move(event);
    canvas.onpointerup = canvas.onpointercancel = () => this.release();
    canvas.onpointerleave = () => this.showRing(false);
    canvas.onkeydown = (event) => this.key(event);
    canvas.onfocus = () => canvas.matches(":focus-visible") && this.showRing(true);
    canvas.onblur = () => this.showRing(false);
    for (const one of [size, strength]) one.input.oninput = () => showNumber(one);
    for (const [name, { input }] of Object.entries(whole)) {
      input.oninput = () => this.changeAll(name, +input.value);
      input.onchange = () => this.letGo();
    }
    colour.oninput = () => Object.assign(brushes.find(({ value }) => value === "colour"), { checked: true });
    undo.onclick = () => this.after(() => this.painting.undo());
    clear.onclick = () => this.after(() => this.painting.clear());
    compare.onpointerdown = () => this.put(this.painting.original);
    compare.onpointerup = compare.onpointerleave = compare.onblur = () => this.put(this.painting.shown);
    compare.onkeydown = ({ key }) => key === " " && this.put(this.painting.original);
    compare.onkeyup = () => this.put(this.painting.shown);
  }

  at({ clientX, clientY }) {
    const box = this.parts.canvas.getBoundingClientRect();
    const { side } = this.painting;
    return { x: ((clientX - box.x) / box.width) * side, y: ((clientY - box.y) / box.height) * side };
  }

  press(event) {
    if (event.button || this.stroke !== null) return;
    this.parts.canvas.setPointerCapture(event.pointerId);
    this.cursor = this.at(event);
    this.stroke = event.pointerId;
    this.painting.begin();
    this.paintTo(this.cursor);
  }

  move(event) {
    const at = this.at(event);
    if (this.stroke === event.pointerId) {
      for (const passed of event.getCoalescedEvents?.() ?? []) this.paintTo(this.at(passed));
      this.paintTo(at);
    }
    if (this.stroke === null) this.cursor = at;
    this.showRing(true);
  }

  release() {
    if (this.stroke === null) return;
    this.stroke = null;
    this.letGo();
  }

  paintTo(at) {
    this.painting.stroke(this.cursor, at, this.brush);
    this.cursor = at;
    this.draw();
  }

  key(event) {
    const { side } = this.painting;
    const step = STEPS[event.key];
    if (step) {
      const far = event.shiftKey ? 4 : 1;
      const [x, y] = [this.cursor.x + far * step[0], this.cursor.y + far * step[1]];
      this.cursor = { x: within(0, x, side), y: within(0, y, side) };
      this.showRing(true);
    } else if (event.key === " ") {
      this.painting.begin();
      this.paintTo(this.cursor);
      this.letGoLater();
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
      this.after(() => this.painting.undo());
    } else return;
    event.preventDefault();
  }

  changeAll(name, value) {
    if (!this.sliding) this.painting.remember();
    this.sliding = true;
    this.painting.change(name, value);
    this.draw();
  }

  after(change) {
    change();
    this.draw();
    this.letGo();
  }

  letGo() {
    clearTimeout(this.resting);
    this.sliding = false;
    this.tell("drawn", textOf(this.painting.shown));
  }

  letGoLater() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.letGo(), REST);
  }

  put(values) {
    const { side } = this.painting;
    const image = new ImageData(side, side);
    for (let i = 0; i < side ** 2; i += 1) {
      for (let c = 0; c < 3; c += 1) image.data[4 * i + c] = values[3 * i + c];
      image.data[4 * i + 3] = 255;
    }
    this.parts.canvas.getContext("2d").putImageData(image, 0, 0);
  }

  draw() {
    const { painting, parts } = this;
    this.put(painting.shown);
    for (const [name, one] of Object.entries(parts.whole)) {
      one.input.value = painting.whole[name];
      showNumber(one);
    }
    parts.undo.disabled = !painting.past.length;
    this.measure();
  }

  // The needle against the certified radius and the lengths to beat. The scale doubles until all have room.
  measure() {
    const { data, painting, parts: { gauge } } = this;
    const { radius, marks, inside, outside, none } = data;
    const { length } = painting;
    const farthest = Math.max(length, ...marks.map((mark) => mark.length));
    let scale = 2.5 * (radius || 1);
    while (scale < 1.05 * farthest) scale *= 2;
    const place = (value) => `${(100 * value) / scale}%`;
    const covered = radius > 0 && length <= radius;
    gauge.inside.style.width = place(radius);
    gauge.needle.style.left = place(length);
    this.root.classList.toggle("within", covered);
    const where = length ? (covered ? inside : outside) : none;
    const times = length && radius ? `${(length / radius).toFixed(2)} × the certified radius. ` : "";
    write(gauge.length, down(length));
    write(gauge.where, times + where);
    gauge.track.setAttribute("aria-valuemax", scale.toFixed(3));
    gauge.track.setAttribute("aria-valuenow", down(length));
    gauge.track.setAttribute("aria-valuetext", `${down(length)}. ${times}${where}`);
    fill(gauge.marks, marks.length, (parent) => make("i", parent, "mark"));
    fill(gauge.legend, marks.length, (parent) => make("span", parent));
    marks.forEach(({ words, length: far, colour }, i) => {
      gauge.marks.children[i].style.cssText = `left: ${place(far)}; --colour: ${colour}`;
      gauge.legend.children[i].style.setProperty("--colour", colour);
      write(gauge.legend.children[i], words);
    });
  }

  showRing(on) {
    const { ring } = this.parts;
    const { side } = this.painting;
    ring.hidden = !on;
    ring.style.width = `${(100 * this.brush.size) / side}%`;
    ring.style.left = `${(100 * this.cursor.x) / side}%`;
    ring.style.top = `${(100 * this.cursor.y) / side}%`;
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".board");
  root.board ??= new Board(root);
  root.board.show(data, setTriggerValue);
}
