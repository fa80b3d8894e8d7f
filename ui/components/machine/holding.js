// Dissenters stand above their towers. Held, by pointing, touching or the keyboard's focus, one is seen at every
// station: its noise alone, the noisy copy, what the classifier saw of it, and its vote.
const BEADS = 4; // above a tower
const HOLD = 0.12; // seconds until a held copy is seen

class Holding {
  // `changed` is called with the copy that is held from now on, or null.
  constructor(towers, changed) {
    this.towers = towers;
    this.changed = changed;
    this.copies = new Map();
    this.held = null;
    this.shown = null;
    this.strength = new Follower(HOLD);
    const touched = ({ target }) => this.copies.get(target.dataset?.id) ?? null;
    towers.onpointerover = (event) => event.pointerType === "mouse" && this.hold(touched(event));
    towers.onpointerleave = () => this.hold(null);
    towers.onclick = (event) => this.hold(touched(event));
    towers.addEventListener("focusin", (event) => this.hold(touched(event)));
    towers.addEventListener("focusout", () => this.hold(null));
    towers.onkeydown = (event) => this.move(event);
  }

  get beads() {
    return [...this.towers.querySelectorAll(".bead")];
  }

  add(tower, copy) {
    const place = this.towers.children[tower].firstChild;
    if (this.copies.has(copy.id)) return;
    if (place.childElementCount === BEADS) {
      this.copies.delete(place.firstChild.dataset.id);
      place.firstChild.remove();
    }
    this.copies.set(copy.id, copy);
    const bead = make("button", place, "bead");
    bead.type = "button";
    bead.dataset.id = copy.id;
    bead.ariaLabel = copy.title;
    bead.style.setProperty("--colour", copy.colour);
    this.makeStop(this.beads.find(({ tabIndex }) => tabIndex === 0 && this.beads.length > 1) ?? bead);
  }

  clear() {
    this.copies.clear();
    this.hold(null);
    for (const tower of this.towers.children) tower.firstChild.replaceChildren();
  }

  hold(copy) {
    if (copy === this.held) return;
    this.held = copy;
    this.shown = copy ?? this.shown;
    this.strength.goal = Number(Boolean(copy));
    for (const bead of this.beads) bead.classList.toggle("held", bead.dataset.id === copy?.id);
    this.changed(copy);
  }

  // One tab stop: arrow keys lead from one dissenter to the next, Escape lets go.
  move(event) {
    if (event.key === "Escape") this.hold(null);
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const { beads } = this;
    const next = beads[beads.indexOf(event.target) + step];
    if (!step) return;
    event.preventDefault();
    if (!next) return;
    this.makeStop(next);
    next.focus();
  }

  makeStop(stop) {
    for (const bead of this.beads) bead.tabIndex = bead === stop ? 0 : -1;
  }

  // The beads of a tower keep above it, within its room.
  place(heights) {
    heights.forEach((height, i) => {
      const beads = this.towers.children[i].firstChild;
      if (beads.childElementCount) beads.style.setProperty("--top", Math.min(0.5, height).toFixed(3));
    });
  }

  draw(pen, stations, places, look) {
    const strength = this.strength.now;
    if (!strength || !this.shown) return;
    const copy = this.shown;
    stations.forEach(({ shows }, i) => {
      const { x, y, side } = places[i];
      pen.globalAlpha = strength;
      drawCopy(pen, copy, shows === "picture" ? "noise" : shows, places[i], look);
      drawGlow(pen, copy.colour, strength, () => rounded(pen, x, y, side, side));
    });
  }
}
