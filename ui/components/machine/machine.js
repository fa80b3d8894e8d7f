// The machine: takes what is told of a run, moves it while it is seen, and rests when there is nothing to move.
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const LATE = 0.1; // seconds between two frames, at most: a page that was hidden goes on where it was
const SHARPEST = 2; // pixels of the screen to one of the page
const FILM = "data-film"; // on the page while a run shows itself for the first time: the answer beside it can wait
const played = (window.diffsmoothPlayed ??= new Set()); // runs that have shown themselves since the page was opened

class Machine {
  constructor(root) {
    this.root = root;
    this.parts = buildMachine(root);
    this.pen = this.parts.canvas.getContext("2d");
    this.copies = new Map();
    this.seen = false;
    this.holding = new Holding(this.parts.towers, () => this.showHeld());
    this.parts.again.onclick = () => (this.replay ? this.finish() : this.play());
    new ResizeObserver(() => this.resize()).observe(root);
    new IntersectionObserver((entries) => {
      this.seen = entries.at(-1).isIntersecting;
      if (!this.seen) document.documentElement.toggleAttribute(FILM, false);
      this.wake();
    }).observe(root);
  }

  // Whether somebody looks.
  get watched() {
    return this.seen && !document.hidden;
  }

  // Whether copies and gate are on the screen: then nothing has to move that one looks at.
  get inSight() {
    const [belt, gate] = [this.parts.belt, this.parts.disc.figure].map((node) => node.getBoundingClientRect());
    return belt.top >= 0 && gate.bottom <= innerHeight;
  }

  show(data) {
    const before = this.data;
    const same = before?.run === data.run;
    this.data = data;
    this.root.classList.toggle("large", data.large);
    this.look = lookOf(this.root, data, this.look, () => this.wake());
    const stations = data.stations.map(({ shows }) => shows).join();
    if (this.belt?.name !== stations) this.belt = new Belt(data.stations, stations);
    if (!same) {
      this.copies.clear();
      this.holding.clear();
      this.replay = this.step = null;
    }
    const fresh = data.travellers.filter(({ id }) => !this.copies.has(id)).map((copy) => (
      { ...copy, image: loaded(copy.sheet, () => this.wake()) }
    ));
    for (const copy of fresh) this.copies.set(copy.id, copy);
    this.showTexts();
    this.showTowers();
    this.measure();
    const counts = ({ state, steps }) => state === "running" && steps.length > 0; // the page stands by then
    const begins = before && counts(data) && !(same && counts(before));
    if (begins && !this.inSight) {
      this.root.scrollIntoView({ block: "nearest", behavior: STILL.matches ? "instant" : "smooth" });
    }
    if (!this.replay) this.follow(before, same, fresh);
    this.wake();
  }

  // Go on from what was shown before, or show itself, as a run does too that was over before it was seen, or be
  // where the run is.
  follow(before, same, fresh) {
    const { run, state, steps, plays } = this.data;
    const unseen = state === "ended" && !same && before && before.state !== "ended";
    if ((plays || unseen) && !STILL.matches && !played.has(run)) {
      played.add(run);
      this.play();
      this.replay.first = plays; // of a run of one's own the answer waits for nothing
    } else if (before && !STILL.matches && (same || state === "running")) {
      this.apply(steps.at(-1), true);
      const ended = state === "ended"; // dissenters that the belt had no time for fall to their towers too
      for (const copy of ended ? fresh.filter(({ glows }) => glows) : []) this.land(copy);
      for (const copy of ended ? [this.last] : fresh) this.send(copy);
    } else {
      this.apply(steps.at(-1), false);
      this.settle();
    }
  }

  // The copy with which the belt rests: the last one that agrees.
  get last() {
    const copies = [...this.copies.values()];
    return copies.findLast(({ glows }) => !glows) ?? copies.at(-1) ?? null;
  }

  // Nothing is on its way: the belt shows one copy, every dissenter is at its tower.
  settle() {
    this.count.settle();
    this.belt.fill(this.last);
    for (const copy of this.copies.values()) if (copy.glows) this.holding.add(this.towerOf(copy), copy);
  }

  play() {
    this.replay = { time: 0, next: 0 };
    this.holding.clear();
    this.belt.fill(null);
    this.apply(undefined, false);
    for (const copy of this.copies.values()) copy.landed = false;
    this.showTexts();
    if (STILL.matches) this.finish();
    this.wake();
  }

  finish() {
    this.replay = null;
    this.apply(this.data.steps.at(-1), false);
    this.settle();
    this.showTexts();
    this.wake();
  }

  advanceReplay(seconds) {
    const { steps } = this.data;
    this.replay.time += seconds;
    while (steps[this.replay.next]?.at <= this.replay.time) {
      this.apply(steps[this.replay.next], true);
      for (const copy of this.copies.values()) if (copy.step === this.replay.next) this.send(copy);
      this.replay.next += 1;
    }
    if (this.replay.next === steps.length && this.belt.resting && this.count.resting) this.finish();
  }

  send(copy) {
    if (!copy || this.belt.has(copy)) return;
    const left = this.belt.add(copy);
    if (left) this.land(left);
  }

  // A copy has its vote, which falls into its tower; a dissenter's stays to be held.
  land(copy) {
    if (copy.landed) return;
    copy.landed = true;
    const tower = this.towerOf(copy);
    this.count.drop(tower, copy.colour, 6, 0, copy.glows ? () => this.holding.add(tower, copy) : null);
  }

  towerOf({ tower }) {
    const place = this.drawn.indexOf(tower);
    return place < 0 ? this.drawn.length - 1 : place;
  }

  // What a step (or, without one, none) says, as texts at once, as bars once its votes have fallen.
  apply(step, falling) {
    if (step && step.words === this.step?.words) return;
    const votes = votesOf(step, this.drawn);
    const former = votesOf(this.step, this.drawn);
    this.step = step;
    showStep(this.parts, step, votes, this.drawn, this.data);
    const wait = falling && this.watched;
    if (wait) this.rain(votes, former);
    this.count.follow(votes.map(([, height]) => height), step, wait ? FALL : 0);
  }

  // Some of the votes that are new fall; of every class that has new ones, one at least.
  rain(votes, former) {
    const begins = votes.some(([number], i) => number < former[i][0]);
    const fresh = votes.map(([number], i) => number - (begins ? 0 : former[i][0]));
    const part = Math.min(1, DOTS / fresh.reduce((sum, number) => sum + number, 0));
    fresh.forEach((number, i) => {
      const { colour } = this.data.towers[this.drawn[i]];
      for (let k = 0; k < Math.ceil(number * part); k += 1) this.count.drop(i, colour, 2.6, 0.45 * Math.random());
    });
  }

  showTexts() {
    const { parts, data, replay } = this;
    showStations(parts.belt, data.stations);
    showTitle(parts.certify, ...data.certify);
    write(parts.count.lastChild, data.count[1]);
    write(parts.said, data.said);
    write(parts.again, replay ? "Skip" : "Replay");
    parts.again.hidden = data.state !== "ended" || data.steps.length < 2;
    this.showHeld();
  }

  showHeld() {
    const { held } = this.holding;
    const { title, words } = this.data.stations[0];
    write(this.parts.words, held?.title ?? this.data.foot);
    showTitle(this.parts.belt.firstChild.lastChild, ...(held ? ["Its noise alone", "grey is none"] : [title, words]));
    this.wake();
  }

  // Towers whose classes stay keep their heights.
  showTowers() {
    const { towers, steps } = this.data;
    const drawn = drawnTowers(towers, steps, this.parts.towers.clientWidth / (NAME * this.look.small));
    const names = drawn.map((tower) => towers[tower].name);
    const changed = names.join() !== this.count?.names.join();
    this.drawn = drawn;
    if (!changed) return;
    showTowers(this.parts, names);
    this.count = new Count(names, this.count);
    const copies = [...this.holding.copies.values()];
    this.holding.clear();
    for (const copy of copies) this.holding.add(this.towerOf(copy), copy);
  }

  resize() {
    if (!this.data) return;
    const { names } = this.count;
    this.showTowers();
    if (names !== this.count.names) {
      const { step } = this;
      this.step = null;
      this.apply(step, false);
      this.count.settle();
    }
    this.measure();
    this.wake();
  }

  // Where on the canvas the places are that the style sheet made.
  measure() {
    const { parts } = this;
    const box = parts.canvas.getBoundingClientRect();
    const at = (node) => {
      const { x, y, width, height } = node.getBoundingClientRect();
      return { x: x - box.x, y: y - box.y, width, height, side: width };
    };
    const belt = [...parts.belt.children].map((figure) => at(figure.firstChild));
    const wells = [...parts.towers.children].map(at);
    const under = parts.belt.getBoundingClientRect().bottom - box.y; // below the captions
    this.places = { belt, wells, under, vote: belt.at(-1), gauge: at(parts.gauge.place), disc: at(parts.disc.place) };
    const sharp = Math.min(SHARPEST, devicePixelRatio);
    const [width, height] = [Math.round(box.width * sharp), Math.round(box.height * sharp)];
    if (parts.canvas.width !== width || parts.canvas.height !== height) Object.assign(parts.canvas, { width, height });
    this.pen.setTransform(sharp, 0, 0, sharp, 0, 0);
  }

  wake() {
    if (this.awake || !this.data) return;
    this.time = performance.now();
    this.ask();
  }

  ask() {
    this.awake = true;
    requestAnimationFrame((now) => this.frame(now));
  }

  frame(now) {
    this.awake = false;
    if (!this.root.isConnected) {
      document.documentElement.toggleAttribute(FILM, false);
      return;
    }
    const seconds = Math.min(LATE, Math.max(0, now - this.time) / 1000);
    this.time = now;
    this.advance(seconds);
    document.documentElement.toggleAttribute(FILM, Boolean(this.seen && this.replay?.first));
    this.draw();
    const { held, strength } = this.holding;
    const waits = held ? false : this.replay || !this.belt.resting;
    if (this.seen && (waits || !this.count.resting || !strength.still)) this.ask();
  }

  // While a copy is held the belt and a replay stand still.
  advance(seconds) {
    const { held, strength } = this.holding;
    if (!held && this.replay) this.advanceReplay(seconds);
    if (!held) this.belt.advance(seconds, (copy) => this.land(copy));
    this.count.advance(seconds);
    strength.advance(STILL.matches ? 1 : seconds);
  }

  draw() {
    const { pen, places, look, data } = this;
    pen.clearRect(0, 0, this.parts.canvas.width, this.parts.canvas.height);
    pen.imageSmoothingEnabled = !data.crisp;
    this.belt.draw(pen, places.belt, look);
    this.holding.draw(pen, data.stations, places.belt, look);
    this.count.draw(pen, places, this.drawn.map((tower) => data.towers[tower]), look);
    this.holding.place(this.count.bars.map(({ now }) => now));
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".machine");
  root.machine ??= new Machine(root);
  root.machine.show(data);
}
