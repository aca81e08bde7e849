// What the page shows, and what its reader does: `render` writes all of it anew for one moment of the film.

// --- the picture -------------------------------------------------------------------------------------

const picture = document.querySelector("#graph svg");
const TAGS = { value: "text", gradient: "text", name: "text", prime: "text", slot: "path", chip: "path" }; // what a part is in the SVG
const ends = (path) => { // left and right
  const xs = path.getAttribute("d").match(/-?[\d.]+(?=,)/g).map(Number);
  return [Math.min(...xs), Math.max(...xs)];
};

const groups = new Map(); // cards of the picture by their ids: the nodes on them, and the one that each is about
function groupOf(id) {
  if (groups.has(id)) return groups.get(id);
  const group = document.getElementById(id), made = { group, nodes: [], main: null, border: group.querySelector("path, polygon") };
  group.querySelector("title").remove();
  groups.set(id, made);
  return made;
}

const shownBy = new Map(); // a part of the picture -> its node
const cards = nodes.map(({ place, kind }, i) => { // a node's parts, and the card on which it stands
  if (!place) return null;
  const on = groupOf(place.card), card = { on, group: on.group, parts: {} };
  on.nodes.push(i);
  if (place.main) on.main = i;
  for (const [name, tag] of Object.entries(TAGS)) {
    card.parts[name] = (place[name] ?? []).map(([id, number]) => groupOf(id).group.querySelectorAll(`${tag}[fill="var(--${name})"]`)[number]);
    [card[name]] = card.parts[name];
  }
  card.parts.value.forEach((text, n) => roomy(text, card.parts.slot[n]));
  card.parts.gradient.forEach((text, n) => roomy(text, card.parts.chip[n]));
  card.parts.name.forEach(lowered);
  for (const path of [...card.parts.slot, ...card.parts.chip]) shownBy.set(path, i);
  const said = card.gradient && card.chip.previousElementSibling;
  if (said?.getAttribute("fill") === "var(--muted)") Object.assign(card, { said, reverse: said.textContent }); // on a pill there is no room for it
  return card;
});

function roomy(text, path) { // a number stands in the middle of its place
  const room = ends(path);
  text.setAttribute("text-anchor", "middle");
  text.setAttribute("x", (room[0] + room[1]) / 2);
  text.dataset.room = room[1] - room[0] - 4;
}

function lowered(text) { // θ⁽²⁾₁₂ on a card of layer 2: θ and below it 12, in letters that can be read
  const [, symbol, below] = text.textContent.match(/^(.+?)(?:⁽[⁰¹²³⁴-⁹]+⁾)?([₀-₉,]+)$/) ?? [];
  if (!below) return;
  const indices = document.createElementNS("http://www.w3.org/2000/svg", "tspan");
  indices.setAttribute("dy", "2");
  text.setAttribute("y", text.getAttribute("y") - 1.2);
  indices.textContent = plain(below);
  text.removeAttribute("textLength");
  text.replaceChildren(symbol, indices);
}

for (const { group, nodes: on, main } of groups.values()) {
  if (main === null || nodes[main].kind === "number") continue;
  group.setAttribute("tabindex", "0");
  group.setAttribute("role", "button");
  group.addEventListener("click", ({ target }) => select(shownBy.get(target) ?? main));
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    select(on.includes(state.selected) ? state.selected : main);
  });
}

const arrows = edges.map(([, , theta], k) => {
  const group = document.getElementById(`e${k}`);
  group.querySelector("title").remove();
  group.setAttribute("aria-hidden", "true"); // the events say the same in words
  const [local, sent] = ["local", "sent"].map((name) => group.querySelector(`text[fill="var(--${name})"]`));
  const words = local && local.textContent.replace(/−0\.000$/, "");
  for (const text of [local, sent]) text && centred(text); // so that a longer number grows to both sides
  const strokes = group.querySelectorAll('[stroke="var(--backward)"]');
  const back = sent?.textContent[0];
  return { group, theta, line: group.querySelector("path"), head: group.querySelector("polygon"), local, sent, words, back, ahead: { "←": "→", "↑": "↓", "→": "←", "↓": "↑" }[back], strokes };
});

function centred(text) {
  text.setAttribute("x", Number(text.getAttribute("x")) + text.getComputedTextLength() / 2);
  text.setAttribute("text-anchor", "middle");
}

function write(text, g) { // a chip, in HTML
  const chip = element("span", "chip", text);
  const background = colour(g);
  chip.style.background = background;
  chip.style.color = g ? inkOn(background) : "";
  return chip;
}

function fill(place, text) { // a power of ten is made to fit, whatever the font
  place.textContent = text;
  place.removeAttribute("textLength");
  const room = Number(place.dataset.room);
  if (text.length < 7 || place.getComputedTextLength() <= room) return;
  place.setAttribute("textLength", room);
  place.setAttribute("lengthAdjust", "spacingAndGlyphs");
}

function drawNumbers(i, known, gradient) {
  const card = cards[i];
  if (!card) return;
  const has = gradient !== undefined, background = has ? colour(gradient) : "", ink = has && gradient ? inkOn(background) : "";
  const { value, gradient: collected, chip, name, prime } = card.parts;
  for (const text of value) fill(text, known ? signed(state.values[i]) : "");
  for (const text of collected) fill(text, has ? signed(gradient) : "");
  for (const path of chip) path.style.fill = background;
  if (chip.length) for (const text of collected.length ? collected : [...name, ...value]) text.style.fill = ink; // a weight stands on its colour
  for (const text of prime) text.textContent = known ? `σ′ ${short(state.slopes[usesOf[i][0][1]])}` : "σ′";
}

function drawCard({ group, nodes: on, main, border }, known, gradients, now) {
  const selected = on.includes(state.selected), happens = now.some((i) => on.includes(i));
  group.classList.toggle("now", happens);
  if (main === null || nodes[main].kind === "number") return;
  group.classList.toggle("waiting", !known(main));
  group.classList.toggle("selected", selected);
  group.setAttribute("aria-description", known(main) ? "" : "not yet computed"); // its texts are its name
  group.setAttribute("aria-pressed", String(selected));
  if (on.length > 1) border.style.stroke = gradients.get(main) && !happens && !selected ? colour(gradients.get(main), 0.4) : "";
}

function drawWire({ theta, line, head }, gradient) { // a weight: as wide as |θ|, the head hollow where θ < 0, coloured by ∂Err/∂θ
  const x = state.values[theta], widest = Math.max(...edges.map(([, , other]) => (other === null ? 0 : Math.abs(state.values[other])))) || 1;
  const stroke = gradient ? colour(gradient, 0.4) : "";
  line.style.strokeWidth = 0.7 + 2.3 * Math.min(1, Math.abs(x) / widest || 0);
  line.style.stroke = head.style.stroke = stroke;
  head.style.fill = x < 0 ? "var(--canvas)" : stroke;
}

function drawArrow(k, use, known, now, gradients) {
  const arrow = arrows[k];
  const done = usedAt.get(use) <= state.position;
  arrow.group.classList.toggle("waiting", !known);
  arrow.group.classList.toggle("sent", done);
  arrow.group.classList.toggle("now", now);
  if (arrow.theta !== null) return drawWire(arrow, state.seed === null ? gradients.get(arrow.theta) : 0);
  if (!done) {
    if (arrow.local) arrow.local.textContent = arrow.sent.textContent = "";
    return;
  }
  const { local, share } = state.sent[use];
  for (const stroke of arrow.strokes) {
    stroke.style.stroke = share && share === share ? colour(share, 0.4) : data.scales[dark() ? "dark" : "light"].muted;
    if (stroke.tagName === "polygon") stroke.style.fill = stroke.style.stroke;
    else stroke.style.strokeWidth = 1 + 2.4 * strength(share, state.largest);
  }
  if (!arrow.local) return;
  arrow.local.textContent = arrow.words + signed(local);
  const towards = state.seed === null ? arrow.back : arrow.ahead;
  arrow.sent.textContent = `${towards} ${undetermined(state.sent[use]) ? "0·∞" : signed(share)}`;
  arrow.sent.style.fill = share && share === share ? colour(share, 1) : "";
}

const useOfArrow = new Map(uses.map(([, , arrow], k) => [arrow, k])); // of a weight's two uses the second

function happening(p) { // which nodes and arrows the event is about
  if (p === 0) return { nodes: [], arrows: [] };
  if (useOf(p) >= 0) {
    const [node, parent, arrow] = uses[useOf(p)];
    return { nodes: [node, parent], arrows: [arrow] };
  }
  if (!isValue(p)) return { nodes: [state.seed ?? root], arrows: [] };
  const { node, operands } = operationOf(p);
  return { nodes: [node, ...operands], arrows: edges.flatMap(([, head], a) => (head === node ? [a] : [])) };
}

function render() {
  const p = state.position, now = happening(p);
  const gradients = new Map(p >= seededAt ? [[state.seed ?? root, 1]] : []);
  for (const [kind, k] of events.slice(0, p)) if (kind === "use") gradients.set(receiver(k), state.sent[k].after);
  const known = (i) => nodes[i].kind !== "step" || computedAt.get(i) <= p;
  nodes.forEach((_, i) => drawNumbers(i, known(i), gradients.get(i)));
  for (const card of groups.values()) drawCard(card, known, gradients, now.nodes);
  edges.forEach(([, head], a) => drawArrow(a, useOfArrow.get(a), known(head), now.arrows.includes(a), gradients));
  panel(p);
  picture.classList.toggle("backward", state.seed === null && p >= seededAt);
  picture.classList.toggle("tangents", state.seed !== null);
  $("position").value = p;
  $("position").setAttribute("aria-valuetext", p ? `${p} of ${last}: ${sentence(p)}` : `before the first of ${last} events`);
  for (const id of ["start", "back"]) $(id).disabled = p === 0;
  for (const id of ["next", "end"]) $(id).disabled = p === last;
  describe(gradients);
  legend();
  list();
  leafRows.forEach((row, j) => row.show(state.inputs[j], gradients.get(leaves[j])));
}

// --- leaves ------------------------------------------------------------------------------------------

function leafRow(i, j) {
  const { name } = nodes[i], line = element("div", "leaf");
  const range = element("input"), number = element("input"), gradient = element("span", "slope");
  const reach = Number.isFinite(first[j]) ? 2 * Math.max(1, Math.abs(first[j])) : 2;
  const centre = Number.isFinite(first[j]) ? first[j] : 0;
  const decimals = Math.min(12, Math.max(0, 2 - Math.floor(Math.log10(reach / 2))));
  Object.assign(range, { type: "range", min: centre - reach, max: centre + reach, step: "any", disabled: !data.live });
  Object.assign(number, { type: "number", step: "any", disabled: !data.live });
  range.setAttribute("aria-label", `${name}, slide`);
  number.setAttribute("aria-label", `${name}, value`);
  range.addEventListener("input", () => change(j, Number(Number(range.value).toFixed(decimals))));
  number.addEventListener("focus", () => { number.value = state.inputs[j]; });
  number.addEventListener("blur", () => { number.value = brief(state.inputs[j]); });
  number.addEventListener("input", () => number.value !== "" && change(j, Number(number.value)));
  const open = typeset(element("button", "leaf-name go"), name);
  Object.assign(open, { type: "button", title: `${name}: its contributions and paths` });
  open.addEventListener("click", () => select(i));
  line.append(open, range, number, gradient);
  $("leaves").append(line);
  return {
    show(x, g) {
      if (document.activeElement !== range) range.value = x;
      if (document.activeElement !== number) number.value = brief(x);
      gradient.replaceChildren(g === undefined ? "" : write(signed(g), g));
    },
  };
}

function brief(x) { // what a field has room for; of a power of ten the exponent is to be seen
  const plain = !x || !Number.isFinite(x) || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5);
  return plain ? Number(x.toPrecision(4)) : Number(x.toPrecision(3)).toExponential();
}

function change(j, x) {
  state.inputs[j] = x;
  if (state.position === 0) state.position = last; // before the first event there would be nothing to see
  compute();
  render();
}

// --- legend and list ---------------------------------------------------------------------------------

function legend() {
  const shares = [-1, -0.25, 0, 0.25, 1].map((share) => write(signed(share * state.largest), share * state.largest));
  const reverse = state.seed === null;
  const note = edges.some(([, , theta]) => theta !== null) ? "lines: width |θ|, hollow head θ < 0"
    : `grey: the value, forward; colour: ${reverse ? "upstream × local, backward" : "local × tangent, forward"}, wider where larger`;
  const notes = [note, ...data.notes].map((text) => element("span", "note", text));
  $("legend").replaceChildren(element("span", "", reverse ? `gradient of ${nodes[root].name}` : `tangents: ${nodes[state.seed].name} moves`), ...shares, ...notes);
}

function list() {
  if (!$("events").closest("details").open) return;
  $("events").replaceChildren(...Array.from({ length: last }, (_, k) => {
    const line = element("li", k + 1 > state.position ? "later" : "");
    const button = go(k + 1, sentence(k + 1));
    if (k + 1 === state.position) button.setAttribute("aria-current", "step");
    line.append(button);
    return line;
  }));
}

// --- the film ------------------------------------------------------------------------------------------

function move(to) {
  state.position = Math.min(Math.max(to, 0), last);
  if (state.position === last) pause();
  render();
  follow();
}

function follow() { // where the graph is wider than the screen, the event comes into view; the page does not jump
  const box = $("graph"), a = box.getBoundingClientRect();
  const now = [...picture.querySelectorAll(".node.now")].map((card) => card.getBoundingClientRect());
  if (!now.length) return;
  const off = (low, high) => (Math.min(...now.map((b) => b[low])) + Math.max(...now.map((b) => b[high])) - a[low] - a[high]) / 2;
  box.scrollBy(off("left", "right"), off("top", "bottom"));
}

function play() {
  if (state.position === last) state.position = 0;
  const tick = () => {
    move(state.position + 1);
    if (state.timer) state.timer = setTimeout(tick, 1100 / Number($("speed").value));
  };
  state.timer = true;
  tick();
  playing();
}

function pause() {
  if (!state.timer) return;
  clearTimeout(state.timer);
  state.timer = null;
  playing();
}

function playing() {
  $("play").setAttribute("aria-label", state.timer ? "Pause" : "Play");
  $("play").classList.toggle("playing", Boolean(state.timer));
}

const toggle = () => { state.timer ? (pause(), render()) : play(); };
const by = (count) => { pause(); move(state.position + count); };
const actions = { start: () => by(-last), back: () => by(-1), play: toggle, next: () => by(1), end: () => by(last) };
for (const [id, action] of Object.entries(actions)) $(id).addEventListener("click", action);
$("position").addEventListener("input", () => { pause(); move(Number($("position").value)); });
document.addEventListener("keydown", (event) => {
  const keys = { ArrowLeft: "back", ArrowRight: "next", " ": "play", Home: "start", End: "end" };
  const action = actions[keys[event.key]];
  const own = event.target.closest("input, select, summary") || (event.key === " " && event.target.closest("button"));
  if (!action || own || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  action();
});

// --- the two modes --------------------------------------------------------------------------------------

function modes() { // what can be chosen, and what each costs
  const option = (value, text) => Object.assign(element("option", "", text), { value });
  $("mode").append(option("", `reverse, from ${nodes[root].name}`), ...leaves.map((i) => option(i, `forward, from ${nodes[i].name}`)));
  $("mode").addEventListener("change", () => changeMode($("mode").value === "" ? null : Number($("mode").value)));
  const passes = leaves.map(products), all = passes.reduce((a, b) => a + b, 0);
  const by = leaves.length === 1 ? "the leaf" : `all ${leaves.length} leaves`;
  const sum = passes.length > 1 && passes.length <= 8 ? ` = ${passes.join(" + ")}` : "";
  const times = leaves.length === 1 ? "in one pass too" : `in ${leaves.length} passes`;
  $("costs").textContent = `The derivatives by ${by}: in reverse ${products(null)} products in one pass, forward ${all}${sum} ${times}. ` +
    "Reverse mode is for one result and many leaves, forward mode for few leaves and many results.";
  $("costs").hidden = $("mode").parentElement.hidden = !leaves.length;
}

function changeMode(seed) {
  pause();
  const ended = state.position === last && last > 0;
  choose(seed);
  state.position = ended ? last : 0;
  $("position").max = last;
  nodes.forEach((_, i) => {
    if (!cards[i]?.said) return;
    const { said, reverse, on } = cards[i];
    said.textContent = on.nodes.length === 1 ? partial(i) : seed === null ? reverse : `∂${reverse.split("/∂")[1] ?? "u"}`;
    said.removeAttribute("textLength"); // which was the other symbol's
  });
  compute();
  render();
}

function themed() {
  $("theme").textContent = dark() ? "Light" : "Dark";
  $("theme").setAttribute("aria-label", dark() ? "Light colours" : "Dark colours");
  render();
}
$("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = dark() ? "light" : "dark";
  themed();
});
systemDark.addEventListener("change", themed);
$("events").closest("details").addEventListener("toggle", list);
$("reset").addEventListener("click", () => { state.inputs = [...first]; compute(); render(); });

const leafRows = leaves.map(leafRow);
$("leaves-note").textContent = !leaves.length ? "This graph has none." : data.live
  ? "Drag it, here or in its card: both passes are computed anew, in the page."
  : "They stay as they are: JavaScript does not know one of this graph's operations.";
$("reset").hidden = !data.live || !leaves.length;
picture.setAttribute("role", "group");
picture.setAttribute("aria-label", `Graph of ${nodes[root].name}: ${nodes.length} nodes`);
