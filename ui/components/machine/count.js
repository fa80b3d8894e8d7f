// The count: votes fall into towers, the bound rises to its gate, the radius grows around the picture.
const FALL = 0.75; // seconds of a vote's fall
const DOTS = 28; // votes of a step that are seen falling, at most
const SOON = 0.22; // seconds in which a bar goes most of its way
const NEAR = 0.0005;

// A number that follows its goal.
class Follower {
  constructor(soon = SOON) {
    this.now = this.goal = 0;
    this.soon = soon;
  }

  get still() {
    return this.now === this.goal;
  }

  advance(seconds) {
    this.now = mix(this.goal, this.now, Math.exp(-seconds / this.soon));
    if (Math.abs(this.goal - this.now) < NEAR) this.now = this.goal;
  }
}

class Count {
  // Of `former` the towers of the same names stay as they are.
  constructor(names, former) {
    this.names = names;
    this.bars = names.map((name) => former?.bars[former.names.indexOf(name)] ?? new Follower());
    this.meters = former?.meters ?? Object.fromEntries(
      ["bound", "share", "gate", "reach"].map((name) => [name, new Follower()]),
    );
    this.dots = [];
    this.due = []; // what waits for its votes to fall: [seconds left, heights, step]
  }

  get followers() {
    return [...this.bars, ...Object.values(this.meters)];
  }

  get resting() {
    return !this.dots.length && !this.due.length && this.followers.every(({ still }) => still);
  }

  // Go to a step's heights and meters: now, or in `wait` seconds, when its votes have fallen.
  follow(heights, step, wait) {
    if (wait) {
      this.due.push([wait, heights, step]);
      return;
    }
    this.due = [];
    this.aim(heights, step);
  }

  aim(heights, step) {
    heights.forEach((goal, i) => { this.bars[i].goal = goal; });
    const { bound, share, gate, reach } = this.meters;
    bound.goal = step?.bound ?? 0;
    share.goal = step?.share ?? 0;
    gate.goal = Number(step?.opens ?? false);
    reach.goal = step?.reach ?? 0;
  }

  // Be there already.
  settle() {
    for (const [, heights, step] of this.due.splice(0)) this.aim(heights, step);
    this.dots = [];
    for (const follower of this.followers) follower.now = follower.goal;
  }

  advance(seconds) {
    for (const one of this.due) one[0] -= seconds;
    while (this.due[0]?.[0] <= 0) {
      const [, heights, step] = this.due.shift();
      this.aim(heights, step);
    }
    for (const follower of this.followers) follower.advance(seconds);
    for (const dot of this.dots) dot.time += seconds;
    for (const dot of this.dots) if (dot.time >= FALL) dot.landed?.();
    this.dots = this.dots.filter(({ time }) => time < FALL);
  }

  drop(tower, colour, size, wait, landed) {
    this.dots.push({ tower, colour, size, time: -wait, landed, drift: Math.random() - 0.5 });
  }

  draw(pen, { vote, under, wells, gauge, disc }, towers, look) {
    this.drawTowers(pen, wells, towers);
    this.drawGauge(pen, gauge, look);
    this.drawDisc(pen, disc, look);
    this.drawDots(pen, vote, under, wells);
  }

  drawTowers(pen, wells, towers) {
    wells.forEach((well, i) => {
      const height = this.bars[i].now * well.height;
      if (!well.width || height < 0.5) return;
      const width = Math.min(0.62 * well.width, 64);
      const round = Math.min(4, height);
      pen.fillStyle = towers[i].colour;
      rounded(pen, well.x + (well.width - width) / 2, well.y + well.height - height, width, height, [round, round, 0, 0]);
      pen.fill();
    });
  }

  // A copy's own vote falls from its tile; the others', which stand for many, from below the words.
  drawDots(pen, vote, under, wells) {
    for (const { tower, colour, size, time, drift, landed } of this.dots) {
      const well = wells[tower];
      if (time < 0 || !well.width) continue;
      const t = time / FALL;
      const from = { x: vote.x + vote.side * (0.5 + 0.4 * drift), y: landed === undefined ? under : vote.y + 0.4 * vote.side };
      const to = { x: well.x + well.width / 2 + 12 * drift, y: well.y + well.height * (1 - this.bars[tower].now) };
      const x = mix(from.x, to.x, ease(t));
      const y = mix(from.y, to.y, t ** 1.8);
      const outline = () => { pen.beginPath(); pen.arc(x, y, size, 0, 2 * Math.PI); };
      if (landed) drawGlow(pen, colour, 0.8, outline);
      pen.globalAlpha = Math.min(1, 8 * t, 8 * (1 - t) + 0.2);
      pen.fillStyle = colour;
      outline();
      pen.fill();
      pen.globalAlpha = 1;
    }
  }

  // The bound rises in a channel that is closed at 1/2; above it the two leaves swing open.
  drawGauge(pen, { x, y, width, height }, look) {
    const { bound, share, gate } = this.meters;
    const wide = Math.min(40, 0.5 * width);
    const left = x + (width - wide) / 2;
    const middle = y + height / 2;
    within(pen, () => rounded(pen, left, y, wide, height), () => {
      pen.fillStyle = look.soft;
      pen.fillRect(left, y, wide, height);
      pen.globalAlpha = 0.14;
      pen.fillStyle = look.primary;
      pen.fillRect(left, y, wide, height / 2);
      pen.globalAlpha = 1;
      pen.fillStyle = look.bound;
      pen.fillRect(left, y + height * (1 - bound.now), wide, height * bound.now);
    });
    if (share.now) {
      const at = Math.max(y + 6, y + height * (1 - share.now));
      pen.fillStyle = look.text;
      pen.beginPath();
      pen.moveTo(left + wide + 2, at);
      pen.lineTo(left + wide + 9, at - 4.5);
      pen.lineTo(left + wide + 9, at + 4.5);
      pen.fill();
      pen.font = `${look.small}px ${look.font}`;
      pen.textAlign = "left";
      pen.textBaseline = "middle";
      pen.fillText("p̂", left + wide + 12, at);
    }
    pen.lineWidth = 4;
    pen.lineCap = "round";
    pen.strokeStyle = look.text;
    for (const [hinge, way] of [[left, 1], [left + wide, -1]]) {
      const angle = gate.now * 0.48 * Math.PI;
      const long = wide / 2 - 1;
      pen.beginPath();
      pen.moveTo(hinge, middle);
      pen.lineTo(hinge + way * long * Math.cos(angle), middle - long * Math.sin(angle));
      pen.stroke();
    }
    pen.lineCap = "butt";
    pen.fillStyle = look.text;
    pen.globalAlpha = 0.72;
    pen.font = `${look.small}px ${look.font}`;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const [text, at] of [["1", y + 6], ["½", middle], ["0", y + height - 6]]) pen.fillText(text, left - 7, at);
    pen.globalAlpha = 1;
  }

  // Around the picture: everything within the radius keeps the class. The dashed ring is the largest radius.
  drawDisc(pen, { x, y, width, height }, look) {
    const [cx, cy] = [x + width / 2, y + height / 2];
    const most = Math.max(0, Math.min(width, height) / 2 - 2);
    const least = 0.42 * most;
    const ring = (radius) => { pen.beginPath(); pen.arc(cx, cy, radius, 0, 2 * Math.PI); };
    pen.lineWidth = 1.5;
    pen.strokeStyle = look.border;
    pen.setLineDash([3, 5]);
    ring(most);
    pen.stroke();
    pen.setLineDash([]);
    const reach = this.meters.reach.now;
    if (reach > 0.001) {
      ring(mix(least, most, reach));
      pen.globalAlpha = 0.2;
      pen.fillStyle = look.primary;
      pen.fill();
      pen.globalAlpha = 1;
      pen.lineWidth = 2.5;
      pen.strokeStyle = look.primary;
      pen.stroke();
    }
    within(pen, () => ring(least), () =>
      look.picture.complete && pen.drawImage(look.picture, cx - least, cy - least, 2 * least, 2 * least));
    ring(least);
    pen.lineWidth = 1;
    pen.strokeStyle = look.border;
    pen.stroke();
  }
}
