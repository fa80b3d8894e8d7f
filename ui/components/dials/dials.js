// Sliders with a field each. While one is dragged only texts are exchanged, all of which came with the data.
const DECIMALS = /^\d*[.,]?\d+(e-?\d+)?$/i;
const WHOLE = /^\d[\d,]*$/;
const AGAIN = 3000; // milliseconds
const KEYS = {
  ArrowUp: [1, 0],
  ArrowRight: [1, 0],
  ArrowDown: [-1, 0],
  ArrowLeft: [-1, 0],
  PageUp: [0, 1],
  PageDown: [0, -1],
};

class Dial {
  constructor(parent, owner) {
    this.owner = owner;
    this.node = make("div", parent, "dial");
    const head = make("div", this.node, "head");
    this.label = make("label", head);
    this.help = make("button", head, "help");
    this.field = make("input", head);
    this.slider = make("input", this.node);
    this.hint = make("p", this.node, "hint");
    this.problem = make("p", this.node, "problem");
    Object.assign(this.help, { type: "button", textContent: "?" });
    Object.assign(this.field, { type: "text", inputMode: "decimal", autocomplete: "off", role: "spinbutton" });
    Object.assign(this.slider, { type: "range", min: 0, step: 1 });
    this.slider.oninput = () => this.turn(Number(this.slider.value));
    this.slider.onchange = () => this.tell(this.field.value);
    this.field.onchange = () => this.typed();
    for (const input of [this.slider, this.field]) {
      input.onkeydown = (event) => this.pressed(event);
      input.onkeyup = input.onblur = () => this.turned && this.tell(this.field.value);
    }
  }

  show(data, known) {
    this.data = data;
    const { name, label, hint, text, places, at, used, problem } = data;
    this.node.dataset.name = name;
    this.field.id = `dial-${name}`;
    this.label.htmlFor = this.field.id;
    this.label.textContent = label;
    this.hint.textContent = hint;
    this.hint.ariaHidden = "true"; // the button says it
    this.help.setAttribute("aria-label", `${label}: ${hint}`);
    this.slider.setAttribute("aria-label", label);
    this.slider.max = places.length - 1;
    this.slider.disabled = this.field.disabled = !used;
    this.problem.textContent = problem;
    this.field.setAttribute("aria-invalid", String(Boolean(problem)));
    if (!known || this.turned) return;
    this.stand(at);
    if (this.owner.focused !== this.field || this.field.value === this.written) this.write(text);
    this.written = text;
  }

  stand(place) {
    this.place = place;
    this.slider.value = place;
    this.slider.style.setProperty("--at", `${part(place, this.data.places.length)}%`);
  }

  write(text) {
    this.field.value = text;
    this.field.setAttribute("aria-valuenow", text.replaceAll(",", ""));
    for (const input of [this.field, this.slider]) input.setAttribute("aria-valuetext", text);
  }

  // Where it is dragged or stepped to, before anybody is told.
  turn(place) {
    this.turned = true;
    this.stand(Math.max(0, Math.min(this.data.places.length - 1, place)));
    this.write(this.data.places[this.place]);
    this.owner.follow();
  }

  pressed(event) {
    const ends = event.target === this.slider ? { Home: 0, End: this.data.places.length - 1 } : {};
    const [fine, coarse] = KEYS[event.key] ?? [0, 0];
    const sideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
    if (event.target === this.field && sideways) return;
    if (event.key in ends) this.turn(ends[event.key]);
    else if (fine || coarse) this.turn(this.place + fine + coarse * this.data.coarse);
    else return;
    event.preventDefault();
  }

  typed() {
    const text = this.field.value.replace(/\s/g, "");
    const is = this.data.whole ? WHOLE : DECIMALS;
    if (is.test(text)) this.tell(text);
    else this.write(this.written);
  }

  tell(text) {
    this.turned = false;
    if (text !== this.written) this.owner.tell(this.data.name, text);
    this.written = text;
  }
}

class Dials {
  constructor(root) {
    this.root = root;
    this.told = this.heard = 0;
    this.dials = [];
    this.row = make("div", root, "row");
    this.panel = make("div", root, "panel");
    this.pictures = make("div", this.panel, "pictures");
    const figures = make("div", this.panel, "figures");
    [this.share, this.radius] = ["share", "radius"].map((name) => {
      const figure = make("div", figures, name);
      return { name: make("span", figure), value: make("b", figure) };
    });
    this.radius.name.textContent = "Radius, if this share holds";
    this.words = make("p", this.panel, "words");
  }

  get focused() {
    return this.root.getRootNode().activeElement;
  }

  show({ dials, panel, heard }, send) {
    this.send = send;
    this.heard = heard;
    this.told = Math.max(this.told, heard); // a page that comes back to the dials goes on counting
    this.data = panel;
    while (this.dials.length > dials.length) this.dials.pop().node.remove();
    while (this.dials.length < dials.length) this.dials.push(new Dial(this.row, this));
    const known = heard >= this.told; // what came before the last choice is old
    dials.forEach((dial, i) => this.dials[i].show(dial, known));
    this.panel.hidden = !panel;
    if (panel) this.showPictures(panel);
    this.follow();
  }

  showPictures({ titles, crisp, sheet, rows }) {
    fill(this.pictures, titles.length, (parent) => {
      const figure = make("figure", parent);
      make("div", figure, "image").setAttribute("role", "img");
      make("figcaption", figure);
    });
    this.pictures.classList.toggle("crisp", crisp);
    [...this.pictures.children].forEach(({ children: [image, caption] }, i) => {
      caption.textContent = titles[i];
      image.setAttribute("aria-label", titles[i]);
      image.style.backgroundImage = sheet ? `url("${sheet}")` : "none";
      image.style.backgroundSize = `${100 * titles.length}% ${100 * rows}%`;
    });
  }

  named(name) {
    return this.dials.find(({ data }) => data.name === name);
  }

  // What was seen at the place where the dials stand now.
  follow() {
    if (!this.data) return;
    const { seen, nearest, rows, titles, times, none, stale } = this.data;
    const n = this.named("n").place;
    const found = seen[nearest[this.named("sigma").place]];
    const old = this.dials.some(({ data, turned }) => turned && data.decides);
    this.panel.classList.toggle("stale", old || !found);
    this.share.name.textContent = found?.class_words ?? "Share of the votes";
    this.share.value.textContent = found?.share ?? "–";
    this.radius.value.textContent = found?.radii[n] ?? "–";
    this.words.textContent = old ? stale : `${found?.words ?? none} ${times[n]}`; // a vote costs something else
    const row = found?.row ?? -1;
    [...this.pictures.children].forEach(({ firstChild: { style } }, i) => {
      style.backgroundPosition = `${part(i, titles.length)}% ${part(row, rows)}%`;
      style.visibility = row < 0 ? "hidden" : "visible";
    });
  }

  tell(name, text) {
    this.told += 1;
    this.sendUntilHeard({ name, text, number: this.told });
  }

  // What is sent while the page is being drawn for the first time can be lost.
  sendUntilHeard(moved) {
    if (this.heard >= moved.number || this.told > moved.number || !this.root.isConnected) return;
    this.send(moved);
    setTimeout(() => this.sendUntilHeard(moved), AGAIN);
  }
}

// Where among `count` pictures, or places, one of them is, as a style sheet counts.
const part = (place, count) => (count > 1 ? (100 * place) / (count - 1) : 0);

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".dials");
  root.dials ??= new Dials(root);
  root.dials.show(data, (moved) => setTriggerValue("moved", moved));
}
