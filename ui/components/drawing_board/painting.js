// A drawing: the values of a picture, red, green and blue of pixel after pixel, and what brushes and sliders make
// of them. All is rounded to whole values here, so that what is seen and measured is what the server is sent.
const MOST_STEPS = 40; // that can be undone
const NOTHING = { light: 0, right: 0, down: 0 };
const AS_GIVEN = Float64Array.from({ length: 256 }, (_, value) => Math.fround(value / 255)); // to the networks

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const textOf = (bytes) => {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters);
};
const within = (low, value, high) => Math.min(high, Math.max(low, value));

const lengthBetween = (one, other) => {
  let sum = 0;
  for (let i = 0; i < one.length; i += 1) sum += (AS_GIVEN[one[i]] - AS_GIVEN[other[i]]) ** 2;
  return Math.sqrt(sum);
};

class Painting {
  constructor(side, original, values) {
    Object.assign(this, { side, original, values, whole: NOTHING, past: [] });
  }

  get length() {
    return lengthBetween(this.shown, this.original);
  }

  // What is painted, as the sliders change all of it: shifted, with its edge repeated, and made lighter or darker.
  get shown() {
    const { side, values, whole } = this;
    if (!whole.light && !whole.right && !whole.down) return values;
    const made = new Uint8Array(values.length);
    for (let y = 0; y < side; y += 1) {
      for (let x = 0; x < side; x += 1) {
        const from = 3 * (within(0, y - whole.down, side - 1) * side + within(0, x - whole.right, side - 1));
        const to = 3 * (y * side + x);
        for (let c = 0; c < 3; c += 1) made[to + c] = within(0, values[from + c] + whole.light, 255);
      }
    }
    return made;
  }

  remember() {
    this.past = [...this.past, { values: this.values, whole: this.whole }].slice(-MOST_STEPS);
  }

  undo() {
    Object.assign(this, this.past.pop());
  }

  clear() {
    this.remember();
    Object.assign(this, { values: this.original, whole: NOTHING });
  }

  change(name, value) {
    this.whole = { ...this.whole, [name]: value };
  }

  // A stroke changes a pixel once, however often the brush passes: most where its middle came nearest.
  begin() {
    this.remember();
    this.before = this.shown;
    Object.assign(this, { values: this.before.slice(), whole: NOTHING });
    this.cover = new Float32Array(this.side ** 2);
  }

  stroke(from, to, brush) {
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(to.x - from.x, to.y - from.y)));
    for (let k = 0; k <= steps; k += 1) {
      this.dab(from.x + ((to.x - from.x) * k) / steps, from.y + ((to.y - from.y) * k) / steps, brush);
    }
  }

  dab(x, y, brush) {
    const { side } = this;
    const reach = brush.size / 2;
    const rows = [Math.floor(y - reach - 1), Math.ceil(y + reach + 1)].map((row) => within(0, row, side));
    const columns = [Math.floor(x - reach - 1), Math.ceil(x + reach + 1)].map((column) => within(0, column, side));
    for (let row = rows[0]; row < rows[1]; row += 1) {
      for (let column = columns[0]; column < columns[1]; column += 1) {
        const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        this.paint(row * side + column, within(0, reach + 0.5 - distance, 1), brush);
      }
    }
  }

  paint(pixel, cover, { kind, strength, colour }) {
    if (cover <= this.cover[pixel]) return;
    this.cover[pixel] = cover;
    for (let c = 0; c < 3; c += 1) {
      const i = 3 * pixel + c;
      const [before, was] = [this.before[i], this.original[i]];
      const moved = {
        lighter: before + cover * strength,
        darker: before - cover * strength,
        colour: before + cover * (strength / 255) * (colour[c] - before),
        eraser: before + cover * (was - before),
      }[kind];
      this.values[i] = within(0, Math.round(moved), 255);
    }
  }
}
