// What the parts of the machine draw with.
const ease = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);
const mix = (from, to, t) => from + (to - from) * t;
const RADIUS = 8; // of corners, as the pages have it

const rounded = (pen, x, y, width, height, radius = RADIUS) => {
  pen.beginPath();
  pen.roundRect(x, y, width, height, radius);
};

// `draw` confined to a part of the canvas.
const within = (pen, path, draw) => {
  pen.save();
  path();
  pen.clip();
  draw();
  pen.restore();
};

const loaded = (url, then) => {
  const image = new Image();
  image.onload = then;
  image.src = url;
  return image;
};

const drawWord = (pen, text, x, y, width, size, look) => {
  pen.fillStyle = look.text;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  let fits = size;
  do {
    pen.font = `600 ${fits}px ${look.font}`;
    fits -= 1;
  } while (fits > 8 && pen.measureText(text).width > width);
  pen.fillText(text, x, y);
};

// One of a copy's images, or all of a kind in a square, or its vote, as the station shows it.
const drawCopy = (pen, copy, shows, { x, y, side }, look) => {
  within(pen, () => rounded(pen, x, y, side, side), () => {
    pen.fillStyle = look.soft;
    pen.fillRect(x, y, side, side);
    if (shows === "vote") {
      pen.fillStyle = copy.colour;
      pen.beginPath();
      pen.arc(x + side / 2, y + 0.4 * side, 0.13 * side, 0, 2 * Math.PI);
      pen.fill();
      drawWord(pen, copy.name, x + side / 2, y + 0.7 * side, 0.9 * side, Math.max(11, 0.13 * side), look);
      return;
    }
    const whole = shows === "picture";
    const image = whole ? look.picture : copy.image;
    if (!image.complete || !image.naturalWidth) return;
    const tiles = whole ? [0] : copy.images.flatMap((kind, i) => (kind === shows ? [i] : []));
    const columns = Math.ceil(Math.sqrt(tiles.length));
    const rows = Math.ceil(tiles.length / columns);
    const size = (side - 2 * (columns - 1)) / columns;
    const top = y + (side - rows * size - 2 * (rows - 1)) / 2;
    const tile = image.naturalHeight;
    tiles.forEach((i, k) => {
      const left = x + (k % columns) * (size + 2);
      pen.drawImage(image, i * tile, 0, tile, tile, left, top + Math.floor(k / columns) * (size + 2), size, size);
    });
  });
  rounded(pen, x + 0.5, y + 0.5, side - 1, side - 1);
  pen.strokeStyle = look.border;
  pen.lineWidth = 1;
  pen.stroke();
};

// A soft light around a frame or a disc, without the cost of a blur.
const drawGlow = (pen, colour, strength, outline) => {
  pen.strokeStyle = colour;
  for (const [width, alpha] of [[14, 0.1], [8, 0.18], [3, 0.9]]) {
    pen.globalAlpha = alpha * strength;
    pen.lineWidth = width;
    outline();
    pen.stroke();
  }
  pen.globalAlpha = 1;
};
