// The board's canvas, gauge and tools as nodes.
const BRUSHES = { lighter: "Lighter", darker: "Darker", colour: "Colour", eraser: "Eraser" };

const dial = (parent, words, name, [least, most, value]) => {
  const label = make("label", parent, "dial");
  make("span", label).textContent = words;
  const input = make("input", label);
  Object.assign(input, { type: "range", name, min: least, max: most });
  input.value = value;
  const shown = { input, number: make("output", label) };
  showNumber(shown);
  return shown;
};

// A slider's number beside it, and how far its track is filled.
const showNumber = ({ input, number }) => {
  write(number, input.value);
  input.style.setProperty("--at", `${(100 * (input.value - input.min)) / (input.max - input.min)}%`);
};

const buildBrushes = (tools) => {
  const group = make("fieldset", tools, "brushes");
  make("legend", group).textContent = "Brush";
  const brushes = Object.entries(BRUSHES).map(([kind, words]) => {
    const label = make("label", group);
    const input = make("input", label);
    Object.assign(input, { type: "radio", name: "brush", value: kind, checked: kind === "darker" });
    make("span", label).textContent = words;
    return input;
  });
  const colour = make("input", group, "colour");
  Object.assign(colour, { type: "color", value: "#d62728" });
  colour.setAttribute("aria-label", "The brush's colour");
  return { brushes, colour };
};

const buildGauge = (root) => {
  const gauge = make("div", root, "gauge");
  const words = make("div", gauge, "words");
  const track = make("div", gauge, "track");
  track.setAttribute("role", "meter");
  track.setAttribute("aria-label", "Length of the change (L2)");
  track.setAttribute("aria-valuemin", "0");
  return {
    track,
    length: make("b", words),
    where: make("span", words),
    inside: make("i", track, "inside"),
    marks: make("div", track),
    needle: make("i", track, "needle"),
    legend: make("div", gauge, "legend"),
  };
};

const buildBoard = (root, side) => {
  root.replaceChildren();
  const easel = make("div", root, "easel");
  const canvas = make("canvas", easel);
  Object.assign(canvas, { width: side, height: side, tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `Drawing board, ${side} × ${side} pixels: arrow keys move the brush, Space paints`);
  const ring = make("div", easel, "ring");
  ring.hidden = true;
  const gauge = buildGauge(root);
  const tools = make("div", root, "tools");
  const { brushes, colour } = buildBrushes(tools);
  const dials = make("div", tools, "dials");
  const shift = Math.round(side / 8);
  const size = dial(dials, "Brush size", "size", [1, Math.round(side / 3), Math.max(2, Math.round(side / 11))]);
  const strength = dial(dials, "Strength", "strength", [1, 255, 64]);
  const whole = {
    light: dial(dials, "All: brightness", "light", [-128, 128, 0]),
    right: dial(dials, "All: shift right", "right", [-shift, shift, 0]),
    down: dial(dials, "All: shift down", "down", [-shift, shift, 0]),
  };
  const buttons = make("div", tools, "buttons");
  const [undo, clear, compare] = ["Undo", "Clear", "Original"].map((words) => {
    const button = make("button", buttons);
    Object.assign(button, { type: "button", textContent: words });
    return button;
  });
  compare.title = "The picture without the change, as long as this is held";
  return { easel, canvas, ring, gauge, brushes, colour, size, strength, whole, undo, clear, compare };
};
