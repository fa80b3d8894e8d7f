// What of the machine is text and buttons. Nodes are kept from one tick to the next, so that nothing flickers.
const NAME = 5.2; // widths of small text that a tower's name takes; where there is less, some towers are drawn
const FEW = 5; // so many, and one for all others

const titled = (parent, tag) => {
  const node = make(tag, parent);
  make("b", node);
  make("span", node, "words");
  return node;
};

const buildMeter = (meters, name) => {
  const meter = make("div", meters);
  const place = make("div", meter, `meter ${name}`);
  const figure = make("div", meter, "figure");
  make("span", figure);
  make("strong", figure);
  return { place, figure };
};

const buildMachine = (root) => {
  const belt = make("div", root, "belt");
  const floor = make("div", root, "floor");
  const [left, right] = [make("div", floor), make("div", floor)];
  const count = titled(left, "header");
  const towers = make("div", left, "towers");
  const labels = make("div", left, "labels");
  const certify = titled(right, "header");
  const meters = make("div", right, "meters");
  const [gauge, disc] = [buildMeter(meters, "gauge"), buildMeter(meters, "disc")];
  const foot = make("footer", root);
  const words = make("span", foot, "words");
  const again = make("button", foot, "again");
  again.type = "button";
  const canvas = make("canvas", root);
  canvas.ariaHidden = "true";
  const said = make("div", root, "said");
  said.role = "status";
  return { belt, count, towers, labels, certify, gauge, disc, words, again, canvas, said };
};

const showTitle = (node, title, words) => {
  write(node.children[0], title);
  write(node.children[1], words);
};

const showStations = (belt, stations) => {
  belt.style.setProperty("--places", stations.length);
  fill(belt, stations.length, (parent) => {
    const figure = make("figure", parent);
    make("div", figure, "place");
    titled(figure, "figcaption");
  });
  stations.forEach(({ title, words }, i) => showTitle(belt.children[i].lastChild, title, words));
};

// The numbers of the towers that are drawn: all where there is room for that many names, or those with the most
// votes; and the last one for all others where there are any.
const drawnTowers = (towers, steps, names) => {
  const rest = towers.length - 1;
  const classes = towers.slice(0, rest).map((_, i) => i);
  const others = rest < FEW || steps.some(({ votes }) => votes[rest][0]);
  if (names >= rest || rest <= FEW) return others ? [...classes, rest] : classes;
  const votes = steps.at(-1)?.votes;
  const most = classes.sort((a, b) => (votes ? votes[b][0] - votes[a][0] : 0)).slice(0, FEW);
  return [...most.sort((a, b) => a - b), rest];
};

// The votes of the towers that are drawn, the number and the height of each; the last has those of all others.
const votesOf = (step, drawn) => {
  const votes = drawn.map((tower) => [...(step?.votes[tower] ?? [0, 0])]);
  step?.votes.forEach(([number, height], tower) => {
    if (drawn.includes(tower)) return;
    votes.at(-1)[0] += number;
    votes.at(-1)[1] += height;
  });
  return votes;
};

const lookOf = (root, { picture: url, bound, large }, before, loadedNow) => {
  const style = getComputedStyle(root);
  const colour = (name) => style.getPropertyValue(`--st-${name}`).trim();
  return {
    text: colour("text-color"),
    soft: colour("secondary-background-color"),
    border: colour("border-color"),
    primary: colour("link-color"),
    font: style.fontFamily,
    small: (large ? 0.92 : 0.75) * parseFloat(getComputedStyle(document.documentElement).fontSize),
    picture: before?.url === url ? before.picture : loaded(url, loadedNow),
    url,
    bound,
  };
};

const showTowers = ({ towers, labels }, names) => {
  fill(towers, names.length, (parent) => make("div", make("div", parent, "tower"), "beads"));
  fill(labels, names.length, (parent) => {
    const label = make("div", parent);
    make("b", label);
    make("span", label);
  });
  names.forEach((name, i) => write(labels.children[i].lastChild, name));
};

const showStep = ({ count, labels, gauge, disc }, step, votes, drawn, { count: [title] }) => {
  write(count.firstChild, step?.words ?? title);
  votes.forEach(([number], i) => {
    const label = labels.children[i];
    write(label.firstChild, number ? number.toLocaleString("en-US") : "–");
    label.classList.toggle("leads", number > 0 && drawn[i] === step.leader);
  });
  showTitle(gauge.figure, "Lower bound", step?.bound_words ?? "–");
  showTitle(disc.figure, "Radius (L2)", step?.radius_words ?? "–");
};
