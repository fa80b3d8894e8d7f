// Saves the chart above as it is drawn: ECharts and Plotly both draw SVG, a PNG is made of that.
const SCALE = 3; // a PNG's pixels to one of the page
const SPACE = "http://www.w3.org/2000/svg";

// What the chart draws, as one SVG with the page's background; Plotly draws in layers.
const drawing = (chart) => {
  const plotly = chart.querySelectorAll(".js-plotly-plot .main-svg");
  const layers = plotly.length ? [...plotly] : [chart.querySelector(".stEChartsChart svg")];
  const [width, height] = [layers[0].width, layers[0].height].map(({ baseVal }) => baseVal.value);
  const whole = document.createElementNS(SPACE, "svg");
  const size = { width, height, viewBox: `0 0 ${width} ${height}` };
  Object.entries(size).forEach(([name, value]) => whole.setAttribute(name, value));
  const page = document.createElementNS(SPACE, "rect");
  page.setAttribute("width", width);
  page.setAttribute("height", height);
  page.setAttribute("fill", getComputedStyle(document.querySelector(".stApp")).backgroundColor);
  whole.append(page, ...layers.map((layer) => layer.cloneNode(true)));
  whole.querySelectorAll("[style*='vector-effect']").forEach((node) => { node.style.vectorEffect = "none"; });
  whole.querySelectorAll(".draglayer, .hoverlayer").forEach((node) => node.remove());
  return whole;
};

const written = (svg) => new XMLSerializer().serializeToString(svg);

const dataUrl = (blob) => new Promise((resolve) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.readAsDataURL(blob);
});

// An extension of the browser may have added a sheet that nobody else can read.
const rulesOf = (sheet) => {
  try {
    return [...sheet.cssRules].map((rule) => [sheet, rule]);
  } catch {
    return [];
  }
};

// A picture made of an SVG sees no font of the page, so the page's own goes into it.
const withFont = async (svg) => {
  const rules = [...document.styleSheets].flatMap(rulesOf);
  const family = getComputedStyle(document.body).fontFamily.split(",")[0].replaceAll('"', "");
  const found = rules.find(([, { style, constructor }]) => constructor.name === "CSSFontFaceRule"
    && style.getPropertyValue("font-family").replaceAll('"', "") === family
    && style.getPropertyValue("font-style") === "normal");
  if (!found) return svg;
  const [sheet, rule] = found;
  const source = rule.style.getPropertyValue("src").match(/url\("([^"]+)"\)/)[1];
  const font = await fetch(new URL(source, sheet.href ?? document.baseURI));
  const style = document.createElementNS(SPACE, "style");
  const face = `font-family: "${family}"; font-weight: 100 900; src: url("${await dataUrl(await font.blob())}")`;
  style.textContent = `@font-face { ${face} }`;
  svg.prepend(style);
  return svg;
};

const picture = async (svg) => {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(written(await withFont(svg)))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = SCALE * svg.getAttribute("width");
  canvas.height = SCALE * svg.getAttribute("height");
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
};

const MAKERS = {
  PNG: (chart) => picture(drawing(chart)),
  SVG: (chart) => new Blob([written(drawing(chart))], { type: "image/svg+xml" }),
  CSV: (chart, csv) => new Blob([csv], { type: "text/csv" }),
};

const save = (blob, name) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(URL.revokeObjectURL, 10_000, link.href);
};

const showSaving = (bar, { name, title, csv }, chart) => Object.entries(MAKERS).forEach(([kind, make], i) => {
  const button = bar.children[i] ?? bar.appendChild(document.createElement("button"));
  button.type = "button";
  button.textContent = kind;
  button.title = `Save this figure as ${kind}`;
  button.setAttribute("aria-label", `Save as ${kind}: ${title}`);
  button.onclick = async () => save(await make(chart, csv), `${name}.${kind.toLowerCase()}`);
});
