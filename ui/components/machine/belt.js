// The belt: at every beat all copies move on by one station, through the line before it, which does to them what
// the station is for. Where no new copy has come the last one stays as well as it moves on: so the belt ends with
// the stations of one copy's way, and rests.
const BEAT = 1.15; // seconds from one move to the next
const MOVE = 0.7; // seconds of a move
const WAITING = 2; // copies that wait before the belt; of more the oldest go, first those that agree

class Belt {
  constructor(stations, name) {
    this.stations = stations;
    this.name = name;
    this.slots = Array(stations.length - 1).fill(null);
    this.before = this.slots;
    this.queue = [];
    this.time = BEAT;
  }

  get moving() {
    return this.time < MOVE;
  }

  get resting() {
    return !this.moving && !this.queue.length && this.slots.every((copy) => copy === this.slots[0]);
  }

  has(copy) {
    return this.slots.includes(copy) || this.queue.includes(copy);
  }

  // The copy that has no place any more, if there is one.
  add(copy) {
    this.queue.push(copy);
    if (this.queue.length <= WAITING) return null;
    const agreeing = this.queue.findIndex(({ glows }) => !glows);
    return this.queue.splice(Math.max(0, agreeing), 1)[0];
  }

  // All stations show this copy at once.
  fill(copy) {
    this.queue = [];
    this.slots = this.slots.map(() => copy);
    this.before = this.slots;
    this.time = BEAT;
  }

  // `arrived` is called with a copy once it has its vote.
  advance(seconds, arrived) {
    if (this.resting) return;
    const moved = this.moving;
    this.time += seconds;
    if (moved && !this.moving && this.slots.at(-1)) arrived(this.slots.at(-1));
    if (this.time < BEAT || this.resting) return;
    this.before = this.slots;
    this.slots = [this.queue.shift() ?? this.slots[0], ...this.slots.slice(0, -1)];
    this.time = 0;
  }

  draw(pen, places, look) {
    const t = this.moving ? ease(this.time / MOVE) : 1;
    this.drawLines(pen, places, t, look);
    drawCopy(pen, null, "picture", places[0], look);
    places.slice(1).forEach(({ x, y, side }) => {
      rounded(pen, x, y, side, side);
      pen.fillStyle = look.soft;
      pen.fill();
    });
    const gone = this.before.at(-1);
    if (this.moving && gone && gone !== this.slots.at(-1)) {
      this.drawStill(pen, gone, this.slots.length - 1, places, look, 1 - t);
    }
    this.slots.forEach((copy, i) => {
      if (!copy) return;
      const stays = i === 0 && copy === this.before[0];
      if (t === 1 || stays) this.drawStill(pen, copy, i, places, look);
      else this.drawMoving(pen, copy, i, t, places, look);
    });
  }

  drawStill(pen, copy, i, places, look, strength = 1) {
    const { shows } = this.stations[i + 1];
    const place = places[i + 1];
    pen.globalAlpha = strength;
    drawCopy(pen, copy, shows, place, look);
    pen.globalAlpha = 1;
    if (copy.glows && shows === "vote") {
      drawGlow(pen, copy.colour, strength, () => rounded(pen, place.x, place.y, place.side, place.side));
    }
  }

  // On its way from station i to the next one: what has passed the line is already what it becomes.
  drawMoving(pen, copy, i, t, places, look) {
    const [from, to] = [places[i], places[i + 1]];
    const place = { ...to, x: mix(from.x, to.x, t) };
    const line = (from.x + from.side + to.x) / 2;
    const side = (left, right, shows) => {
      if (right > left) {
        within(pen, () => { pen.beginPath(); pen.rect(left, place.y - 1, right - left, place.side + 2); }, () =>
          drawCopy(pen, copy, shows, place, look));
      }
    };
    side(place.x, Math.min(line, place.x + place.side), this.stations[i].shows);
    side(Math.max(line, place.x), place.x + place.side, this.stations[i + 1].shows);
  }

  // The track, and the lines, which shine while a copy passes.
  drawLines(pen, places, t, look) {
    const last = places.at(-1);
    const middle = last.y + last.side / 2;
    pen.lineWidth = 1.5;
    pen.strokeStyle = look.border;
    pen.beginPath();
    pen.moveTo(places[0].x + places[0].side, middle);
    pen.lineTo(last.x, middle);
    pen.stroke();
    places.slice(1).forEach((to, i) => {
      const from = places[i];
      const x = (from.x + from.side + to.x) / 2;
      const passes = this.moving && this.slots[i] && !(i === 0 && this.slots[0] === this.before[0]);
      const light = passes ? Math.sin(Math.PI * t) : 0;
      pen.lineCap = "round";
      for (const [width, colour, alpha] of [[3, look.border, 1], [9, look.primary, 0.25 * light], [3, look.primary, light]]) {
        pen.globalAlpha = alpha;
        pen.strokeStyle = colour;
        pen.lineWidth = width;
        pen.beginPath();
        pen.moveTo(x, to.y + 0.06 * to.side);
        pen.lineTo(x, to.y + 0.94 * to.side);
        pen.stroke();
      }
      pen.globalAlpha = 1;
      pen.lineCap = "butt";
    });
  }
}
