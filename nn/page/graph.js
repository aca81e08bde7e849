// The network as cards and lines: built once for an architecture, written anew for each moment.  How much a card
// shows is measured: the fullest that fits the room is taken.

const drawing = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
const onPhone = () => matchMedia("(max-width: 760px)").matches;
const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const theme = new Map();
function css(name) { // a colour of the theme, asked for once
  const key = `${dark()} ${name}`;
  if (!theme.has(key)) theme.set(key, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return theme.get(key);
}

let largest = 1; // the gradient that the strongest colour stands for
const colour = (g, atLeast = 0) => gradientColour(told.colours[dark() ? "dark" : "light"], g, largest, atLeast);

function paint(element, g, known = true) {
  const background = known ? colour(g) : "";
  element.style.background = background;
  element.style.color = known && g ? inkOn(background) : "";
}

// θ⁽²⁾₁₃ as HTML, its indices above each other: letters of other fonts cannot be told apart at this size.
const LETTERS = { "ᵢ": "i", "ⱼ": "j", "ₗ": "ℓ", "ₖ": "k" };
function rich(element, text) {
  const lowered = (part) => [...part].map((c) => LETTERS[c] ?? plain(c)).join("");
  element.replaceChildren();
  let at = 0;
  for (const found of text.matchAll(/⁽([⁰¹²³⁴⁵⁶⁷⁸⁹]+)⁾([₀-₉]*)|([₀-₉ᵢⱼₗₖ]+)/g)) {
    element.append(text.slice(at, found.index));
    if (found[1]) {
      const both = make("span", "both");
      both.append(make("span", "", `(${plain(found[1])})`), make("span", "", lowered(found[2])));
      element.append(both);
    } else element.append(make("sub", "low", lowered(found[3])));
    at = found.index + found[0].length;
  }
  element.append(text.slice(at));
  return element;
}

// --- building ------------------------------------------------------------------------------------------------------

const graph = { inputs: [], cards: [], error: null, wires: [], sizes: [], events: [], of: "" };

function build() {
  const { network } = state, { layers } = network, place = $("graph"), wires = drawing("svg");
  wires.id = "wires";
  wires.setAttribute("aria-hidden", "true");
  place.replaceChildren(wires);
  if (graph.of && !calm()) { // not the first one
    place.classList.remove("changed");
    void place.offsetWidth; // so that it begins anew
    place.classList.add("changed");
  }
  place.classList.toggle("tabled", state.table !== null && inputNames(state.table).some(Boolean));
  place.classList.toggle("crowded", network.sizes[0] > 4);
  Object.assign(graph, { inputs: [], cards: [], wires: [], events: eventsOf(network) });
  const inputs = layerOf(place, "input", "");
  for (let l = 0; l < network.sizes[0]; l++) graph.inputs.push(inputCard(inputs, l));
  layers.forEach(({ m, sigma }, k) => {
    const last = k === layers.length - 1, box = layerOf(place, last ? "output" : `layer ${k + 1}`, sigma);
    for (let i = 0; i < m; i++) graph.cards.push(neuronCard(box, k, i));
    if (last) graph.error = errorCard(network.outputs > 1 ? layerOf(place, "error", "") : box); // several: at the right edge
  });
  graph.cards.forEach((card) => {
    const from = (l) => (card.k ? cardAt(card.k - 1, l) : graph.inputs[l]);
    for (let l = 0; l < layers[card.k].n; l++) graph.wires.push(wire(wires, from(l), card, l));
    if (card.k === layers.length - 1) graph.wires.push(wire(wires, card, graph.error, card.i));
  });
  buildSizes();
  drawLegend();
  arrange();
}

const cardAt = (k, i) => graph.cards.find((card) => card.k === k && card.i === i);

function layerOf(place, title, note) {
  const box = make("section", "layer"), head = make("h2");
  box.setAttribute("aria-label", title);
  if (title.startsWith("layer ")) head.append(make("b", "", "layer "), title.slice(6));
  else head.append(title);
  if (note) head.append(make("span", "", ` ${note}`));
  box.append(head);
  place.append(box);
  return box;
}

function inputCard(box, l) {
  const element = make("div", "card input"), head = make("h3"), map = make("canvas"), value = make("i"), unit = make("span", "unit");
  head.append(rich(make("span"), `x${below(l + 1)}`), make("span", "named", inputName(l)));
  map.width = map.height = 24;
  map.setAttribute("aria-hidden", "true");
  element.append(head, map, value, unit);
  box.append(element);
  return { element, value, unit, map, k: -1, i: l };
}

function neuronCard(box, k, i) {
  const { network } = state, { n, m } = network.layers[k], last = k === network.layers.length - 1;
  const element = make("div", "card neuron"), head = make("h3", "", `${k + 1}·${i + 1}`), slope = make("span", "slope"), unseen = make("span", "unseen");
  const thetas = make("div", "thetas"), values = make("div", "values"), map = make("canvas"), rows = {};
  if (last && m > 1 && state.table?.target.classes) head.append(make("span", "named", className(i)));
  head.append(slope);
  const chips = Array.from({ length: n + (network.biased ? 1 : 0) }, (_, l) => chipOf(k, i, l));
  thetas.append(...chips);
  for (const [key, symbol] of [["u", "u"], ["o", last ? "ŷ" : "o"], ["δ", "δ"]]) {
    rows[key] = make("i", key === "δ" ? "delta" : "");
    values.append(make("span", "", symbol), rows[key]);
  }
  map.width = map.height = 24;
  map.setAttribute("aria-hidden", "true");
  element.append(unseen, head, thetas, values, map);
  box.append(element);
  const card = { element, unseen, slope, chips, rows, map, k, i };
  element.addEventListener("click", () => opens() && openCard(k, i));
  element.addEventListener("keydown", (event) => {
    if (event.target !== element || (event.key !== "Enter" && event.key !== " ") || !opens()) return;
    event.preventDefault();
    event.stopPropagation();
    openCard(k, i);
  });
  return card;
}

const opens = () => graph.of !== "full" || onPhone(); // a card that shows no θ opens into one that does

function chipOf(k, i, l) {
  const { n } = state.network.layers[k], bias = l === n, chip = make("button", "theta");
  const long = bias ? named("b", k + 1, i + 1) : named("θ", k + 1, i + 1, l + 1);
  chip.type = "button";
  chip.append(rich(make("span"), bias ? `b${below(i + 1)}` : `θ${below(i + 1, l + 1)}`), make("span"));
  chip.title = `${long}: drag sideways, or ↑ ↓`;
  scrubs(chip, k, i, l);
  return chip;
}

function errorCard(box) {
  const element = make("div", "card error"), head = make("h3", "", "Err"), err = make("span"), { outputs } = state.network;
  const target = make("i", "target"), unit = make("span", "unit"), rows = Array.from({ length: outputs }, () => make("i"));
  head.append(err);
  element.append(head, make("b", "target", "y"), target, unit);
  rows.forEach((row, i) => element.append(rich(make("b"), `∂Err/∂${outputName(state.network, i)}`), row));
  box.append(element);
  return { element, err, target, unit, rows, chips: rows, k: Infinity, i: 0 };
}

function wire(svg, from, to, l) {
  const line = drawing("path"), head = drawing("path");
  line.setAttribute("fill", "none");
  head.setAttribute("stroke-width", 1.2);
  svg.append(line, head);
  return { line, head, from, to, l };
}

// --- room: which cards fit, and where the lines run ------------------------------------------------------------------

// In a low window the same cards with less air, and then with the map beside the numbers.
const DENSITIES = ["full", "full close", "roomy", "roomy beside", "compact", "tiny", "least"], ON_PHONE = ["full", "tiny", "least"];

function fit() {
  const place = $("graph"), phone = onPhone();
  for (const density of phone ? ON_PHONE : DENSITIES) {
    const names = density.split(" "), gap = phone || density === "least" ? 12 : 26;
    for (const name of DENSITIES.join(" ").split(" ")) document.body.classList.toggle(name, names.includes(name));
    graph.of = names[0];
    const boxes = [...place.querySelectorAll(".layer")].map((layer) => layer.getBoundingClientRect());
    const wide = boxes.reduce((total, box) => total + box.width, 0) + (boxes.length - 1) * gap;
    const high = Math.max(...boxes.map((box) => box.height));
    if (wide <= place.clientWidth + 1 && high <= (phone ? 310 : place.clientHeight)) break;
  }
  for (const { element, k, i } of graph.cards) {
    const open = opens();
    element.setAttribute("role", open ? "button" : "group");
    if (open) element.tabIndex = 0;
    else element.removeAttribute("tabindex");
    element.dataset.who = capital(who(state.network, k, i));
  }
}

function arrange() {
  if (onPhone() !== ($("side").nextElementSibling === $("strip"))) { // read, and focused, in the order in which it is seen
    if (onPhone()) $("strip").before($("side"));
    else $("net").after($("side"));
  }
  fit();
  arrangeSizes();
  const box = $("graph").getBoundingClientRect();
  for (const w of graph.wires) {
    const a = w.from.element.getBoundingClientRect(), b = w.to.element.getBoundingClientRect();
    if (w.to.k === Infinity && graph.error.rows.length === 1) {
      w.at = [(a.left + a.right) / 2 - box.left, a.bottom - box.top, b.top - box.top];
      continue;
    }
    const chip = w.to.chips[w.l].getBoundingClientRect(), count = w.to.chips.length;
    const y = chip.height ? (chip.top + chip.bottom) / 2 : b.top + b.height * (0.25 + (0.5 * (w.l + 0.5)) / Math.max(1, count - 1));
    w.at = [a.right - box.left, (a.top + a.bottom) / 2 - box.top, b.left - box.left, y - box.top];
  }
  for (const id of ["plane", "curve"]) {
    const canvas = $(id), { width, height } = canvas.getBoundingClientRect(), sharp = devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(width * sharp));
    canvas.height = Math.max(1, Math.round(height * sharp));
  }
}

// --- what is known at an event: all that was computed before it, and all of it while nothing is stepped through ---------

function knownAt(event) {
  if (!event) return () => true;
  const at = new Map(graph.events.map(({ kind, k, i }, n) => [`${kind} ${k ?? ""} ${i ?? ""}`, n + 1]));
  return (kind, k = "", i = "") => (at.get(`${kind} ${k} ${i}`) ?? 0) <= event;
}

const current = () => (state.event ? graph.events[state.event - 1] : null);

// Whether an event uses what a card says.
function uses(event, { k, i }) {
  if (!event) return false;
  const last = state.network.layers.length - 1;
  if (event.kind === "u" || event.kind === "θ") return k === event.k - 1;
  if (event.kind === "δ") return k === event.k + 1 || (event.k === last && k === Infinity);
  return event.kind === "err" && k === last;
}

function write(element, text) { // what is not known yet keeps its place
  if (element.textContent !== text) element.textContent = text;
}

function drawCards() {
  const { network, event } = state, known = knownAt(event), now = current(), sample = state.samples[state.chosen];
  largest = Math.max(...[network.slope, network.last.g, ...network.layers.map((layer) => layer.delta)].map(
    (numbers) => numbers.reduce((most, g) => (Number.isFinite(g) ? Math.max(most, Math.abs(g)) : most), 0)));
  graph.inputs.forEach((card, l) => {
    const x = inUnit(sample.x[l], l);
    write(card.value, signed(sample.x[l]));
    write(card.unit, x === null ? "" : plainly(x));
    card.element.title = inputName(l) && `${inputName(l)}${x === null ? "" : ` = ${plainly(x)}`}`;
    card.element.classList.toggle("uses", uses(now, card));
  });
  for (const card of graph.cards) drawCard(card, network.layers[card.k], known, now);
  const { error } = graph, { g, m } = network.last, index = sample.y.length < m; // the number of a class
  write(error.err, known("err") ? short(network.err) : "\u00a0");
  const named = state.table?.target.classes && sample.c !== undefined ? cutTo(className(sample.c), 14) : "";
  const numbers = Array.from(sample.y, (y) => (m > 1 ? exact(y) : signed(y))).join(" "), inTable = m === 1 && !named ? targetInUnit(sample.y[0]) : null;
  write(error.target, index ? cutTo(className(sample.y[0]), 14) : m > 1 && named ? named : [numbers, named].filter(Boolean).join(" "));
  error.unit.hidden = inTable === null;
  if (inTable !== null) write(error.unit, `${cutTo(targetCalled(), 18)}: y ${plainly(inTable)}, ŷ ${known("o", network.layers.length - 1, 0) ? plainly(targetInUnit(network.last.o[0])) : "…"}`);
  error.rows.forEach((row, i) => {
    const backward = known("δ", network.layers.length - 1, i);
    write(row, backward ? signed(g[i]) : "\u00a0");
    paint(row, g[i], backward);
  });
  error.element.classList.toggle("now", now?.kind === "err");
  error.element.classList.toggle("uses", uses(now, error));
  drawWires(known, now);
}

function drawCard({ element, unseen, chips, rows, slope, k, i }, layer, known, now) {
  const { u, o, delta, theta } = layer, blamed = known("δ", k, i), graded = known("θ", k, i);
  const said = { u: known("u", k, i) && signed(u[i]), o: known("o", k, i) && signed(o[i]), δ: blamed && signed(delta[i]) };
  for (const key of ["u", "o", "δ"]) write(rows[key], said[key] || "\u00a0");
  paint(rows.δ, delta[i], blamed);
  write(slope, said.u ? `σ′ ${short(state.network.slopeAt(k, i))}` : "σ′");
  element.style.borderColor = blamed && delta[i] ? colour(delta[i], 0.4) : "";
  chips.forEach((chip, l) => {
    const p = i * (layer.n + 1) + l;
    write(chip.lastChild, signed(theta[p], Math.abs(theta[p]) < 1e-3 ? 2 : 3));
    paint(chip, state.network.slope[layer.at + p], graded);
  });
  element.classList.toggle("now", now?.k === k && now?.i === i);
  element.classList.toggle("uses", uses(now, { k, i }));
  const told = ["u", "o", "δ"].filter((key) => said[key]).map((key) => `${key} ${said[key]}`);
  const name = [element.dataset.who, ...told].join(", ");
  if (opens()) element.removeAttribute("aria-label"); // a button's name is what it shows, after this
  else if (element.getAttribute("aria-label") !== name) element.setAttribute("aria-label", name);
  write(unseen, opens() ? name : "");
}

function drawWires(known, now) {
  const { network } = state, widest = Math.max(...network.layers.flatMap(({ n, theta }) => [...theta].filter((_, p) => p % (n + 1) < n).map(Math.abs))) || 1;
  for (const { line, head, from, to, l, at } of graph.wires) {
    if (!at) continue;
    const toErr = to.k === Infinity, p = toErr ? 0 : network.place(to.k, to.i, l), theta = toErr ? 0 : network.theta[p];
    const g = toErr ? 0 : network.slope[p], width = toErr ? 1.2 : Math.round(100 * (0.7 + 2.3 * Math.min(1, Math.abs(theta) / widest || 0))) / 100;
    const stroke = !toErr && known("θ", to.k, to.i) && g ? colour(g, 0.4) : css("forward");
    if (at.length === 3) {
      const [x, top, bottom] = at;
      put(line, "d", `M${x} ${top}V${bottom - 5}`);
      put(head, "d", `M${x - 4} ${bottom - 6}h8l-4 6z`);
    } else {
      const [x, y, right, end] = at, tip = right - 5 - 1.2 * width, half = 2 + 1.1 * width, middle = (tip - x) / 2;
      put(line, "d", `M${x} ${y}C${x + middle} ${y} ${tip - middle} ${end} ${tip} ${end}`);
      put(head, "d", `M${tip} ${end - half}L${right - 1} ${end}L${tip} ${end + half}z`);
    }
    put(line, "stroke", stroke);
    put(line, "stroke-width", width);
    put(head, "stroke", stroke);
    put(head, "fill", theta >= 0 ? stroke : css("canvas"));
    for (const part of [line, head]) put(part, "opacity", !now || travels(now, from, to) ? 1 : 0.22);
  }
}

const written = new WeakMap(); // attributes of lines, so that only those are written that change

function put(element, name, value) {
  if (!written.has(element)) written.set(element, {});
  const before = written.get(element);
  if (before[name] === value) return;
  before[name] = value;
  element.setAttribute(name, value);
}

function travels(now, from, to) { // whether an event runs along a line
  if (now.kind === "update") return true;
  if (now.kind === "u" || now.kind === "θ") return to.k === now.k && to.i === now.i;
  if (now.kind === "δ") return from.k === now.k && from.i === now.i;
  return to.k === Infinity && now.kind === "err";
}
