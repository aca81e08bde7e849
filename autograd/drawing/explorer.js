// What the page shows, and what its reader does: `render` writes all of it anew for one moment of the film.

// --- the picture -------------------------------------------------------------------------------------

const picture = document.querySelector("#graph svg");
const part = (group, tag, attribute, name) => group.querySelector(`${tag}[${attribute}="var(--${name})"]`);
const middle = (path) => {
  const xs = path.getAttribute("d").match(/-?[\d.]+(?=,)/g).map(Number);
  return (Math.min(...xs) + Math.max(...xs)) / 2;
};

const cards = nodes.map((node, i) => {
  const group = node.drawn ? document.getElementById(`n${i}`) : null;
  if (!group) return null;
  group.querySelector("title").remove();
  const card = { group };
  if (node.kind === "number") return card;
  for (const [name, place] of [["value", "slot"], ["gradient", "chip"]]) {
    card[name] = part(group, "text", "fill", name);
    card[place] = part(group, "path", "fill", place);
    card[name].setAttribute("text-anchor", "middle");
    card[name].setAttribute("x", middle(card[place]));
  }
  group.setAttribute("tabindex", "0");
  group.setAttribute("role", "button");
  group.addEventListener("click", () => select(i));
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    select(i);
  });
  return card;
});

const arrows = edges.map((_, k) => {
  const group = document.getElementById(`e${k}`);
  group.querySelector("title").remove();
  group.setAttribute("aria-hidden", "true"); // the events say the same in words
  const local = part(group, "text", "fill", "local"), sent = part(group, "text", "fill", "sent");
  const words = local && local.textContent.replace(/−0\.000$/, "");
  const strokes = group.querySelectorAll('[stroke="var(--backward)"]');
  return { group, local, sent, words, strokes };
});

function write(text, g) { // a chip, in HTML
  const chip = element("span", "chip", text);
  const background = colour(g);
  chip.style.background = background;
  chip.style.color = g ? inkOn(background) : "";
  return chip;
}

function fill(place, text) { // a power of ten is made to fit
  place.textContent = text;
  place.style.fontSize = text.length > 8 ? `${place.getAttribute("font-size") * 0.85}px` : "";
}

function drawCard(i, known, gradient, now) {
  const card = cards[i], node = nodes[i];
  if (!card) return;
  card.group.classList.toggle("now", now);
  if (node.kind === "number") return;
  card.group.classList.toggle("waiting", !known);
  card.group.classList.toggle("selected", state.selected === i);
  fill(card.value, known ? signed(state.values[i]) : "");
  const has = gradient !== undefined, background = has ? colour(gradient) : "";
  card.chip.style.fill = background;
  card.gradient.style.fill = has && gradient ? inkOn(background) : "";
  fill(card.gradient, has ? signed(gradient) : "");
  const texts = [...card.group.querySelectorAll("text")].map((text) => text.textContent).filter(Boolean);
  card.group.setAttribute("aria-label", texts.join(" ") + (known ? "" : ", not yet computed"));
  card.group.setAttribute("aria-pressed", String(state.selected === i));
}

function drawArrow(k, use, known, now) {
  const arrow = arrows[k];
  const done = use !== undefined && useEvent(use) <= state.position;
  arrow.group.classList.toggle("waiting", !known);
  arrow.group.classList.toggle("sent", done);
  arrow.group.classList.toggle("now", now);
  if (use === undefined) return;
  const { local, share } = state.sent[use];
  for (const stroke of arrow.strokes) {
    stroke.style.stroke = share && share === share ? colour(share, 0.4) : data.scales[dark() ? "dark" : "light"].muted;
    if (stroke.tagName === "polygon") stroke.style.fill = stroke.style.stroke;
    else stroke.style.strokeWidth = 1 + 2.4 * strength(share);
  }
  if (!arrow.local) return;
  arrow.local.textContent = done ? arrow.words + signed(local) : "";
  arrow.sent.textContent = done ? `← ${signed(share)}` : "";
  arrow.sent.style.fill = share && share === share ? colour(share, 1) : "";
}

const useEvent = (k) => forward.length + 2 + k;
const useOfArrow = new Map(uses.map(([, , arrow], k) => [arrow, k]));

function render() {
  const p = state.position, k = useOf(p), operation = p ? operationOf(p) : undefined;
  const gradients = new Map(p > forward.length ? [[root, 1]] : []);
  for (let use = 0; use <= k; use++) gradients.set(uses[use][1], state.sent[use].after);
  const active = operation ? [operation.node, ...operation.operands] : k >= 0 && p ? uses[k].slice(0, 2) : p ? [root] : [];
  const known = (i) => nodes[i].kind !== "step" || computedAt.get(i) <= p;
  nodes.forEach((_, i) => drawCard(i, known(i), gradients.get(i), active.includes(i)));
  edges.forEach(([, head], a) => drawArrow(a, useOfArrow.get(a), known(head), k >= 0 ? uses[k][2] === a : operation?.node === head));
  panel(p);
  picture.classList.toggle("backward", p > forward.length);
  $("position").value = p;
  $("position").setAttribute("aria-valuetext", p ? `${p} of ${last}: ${sentence(p)}` : `before the first of ${last} events`);
  for (const id of ["start", "back"]) $(id).disabled = p === 0;
  for (const id of ["next", "end"]) $(id).disabled = p === last;
  describe(gradients);
  legend();
  list();
  leafRows.forEach((row, j) => row.show(state.inputs[j], gradients.get(leaves[j])));
}

// --- the event in words ----------------------------------------------------------------------------

function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text; // never innerHTML: a label is text
  return made;
}

function factor(sign, symbol, number, caption) { // a factor and the sign before it: symbols above, numbers below
  const group = element("div", "group"), box = element("div", "factor"), value = element("span", "number");
  value.append(number);
  box.append(element("span", "symbol", symbol), value, element("span", "caption", caption));
  if (sign) group.append(element("span", "sign", sign));
  group.append(box);
  return group;
}

function panel(p) {
  const k = useOf(p);
  const phase = p === 0 ? "before the film" : p <= forward.length ? "forward" : "backward";
  $("moment").textContent = `event ${p} of ${last} · ${phase}`;
  $("rule").replaceChildren(...(p === 0 ? beginning() : p <= forward.length ? computed(operationOf(p)) : k < 0 ? seed() : chainRule(k)));
  const text = p ? `Event ${p}: ${sentence(p)}` : "Start";
  if ($("said").textContent !== text && !state.timer) $("said").textContent = text;
}

const beginning = () => [element("p", "", "The leaves have their values, and nothing is computed yet. Press play, or step on with →.")];

const computed = (f) => [
  factor("", nodes[f.node].name, short(state.values[f.node]), "value"),
  factor("=", f.names, inNumbers(f), "from its operands"),
];

const seed = () => [
  factor("", partial(root), write("+1.00", 1), "where backward begins"),
  element("p", "", `${nodes[root].name} changes by as much as itself.`),
];

function chainRule(k) {
  const [node, parent] = uses[k], s = state.sent[k];
  const moved = element("span", "", `${signed(s.before)} → `);
  moved.append(write(signed(s.after), s.after));
  return [
    factor("", partial(parent), moved, "collected so far"),
    factor("+=", partial(node), write(signed(s.upstream), s.upstream), "upstream gradient"),
    factor("·", partial(parent, node), signed(s.local), "local derivative"),
    factor("=", "", write(signed(s.share), s.share), "contribution"),
  ];
}

// --- one node --------------------------------------------------------------------------------------

function select(i) {
  state.selected = state.selected === i ? null : i;
  render();
  const below = $("node").getBoundingClientRect().top + 160 - innerHeight;
  if (state.selected !== null && below > 0) scrollBy(0, below); // so that something is seen to happen
}

function* paths(from, walked = []) { // from a node to the root, as lists of uses
  if (from === root) yield walked;
  for (let k = 0; k < uses.length; k++) if (uses[k][1] === from) yield* paths(uses[k][0], [...walked, k]);
}

function go(event, text) {
  const button = element("button", "go", text);
  button.type = "button";
  button.addEventListener("click", () => move(event));
  return button;
}

function row(cells, tag = "td") {
  const line = element("tr");
  for (const content of cells) {
    const cell = element(tag);
    cell.append(content);
    line.append(cell);
  }
  return line;
}

function table(head, rows) {
  const made = element("table"), top = element("thead"), body = element("tbody");
  const titles = row(head, "th");
  titles.querySelectorAll("th").forEach((th) => th.setAttribute("scope", "col"));
  top.append(titles);
  body.append(...rows);
  made.append(top, body);
  return made;
}

const MOST_PATHS = 12;

function describe(gradients) {
  const i = state.selected, box = $("node");
  if (i === null) {
    box.replaceChildren(element("p", "", "Click a node of the graph: here is then every contribution to its gradient, and every path from it."));
    return;
  }
  const node = nodes[i], name = element("p", "name", node.name), at = computedAt.get(i);
  const f = at && operationOf(at);
  name.append(element("span", "tag", node.tag));
  const born = element("p", "", f ? `${node.name} = ${f.names} = ${exact(state.values[i])}, computed in ` : `${node.name} = ${exact(state.values[i])}, a leaf`);
  if (at) born.append(go(at, `event ${at}`));
  const parts = [name, born];
  const collected = arrivals[i].map((k) => {
    const s = state.sent[k], event = useEvent(k);
    const product = `${bracketed(short(s.upstream))} × ${bracketed(short(s.local))}`;
    const line = row([go(event, `event ${event}`), nodes[uses[k][0]].name, product, write(signed(s.share), s.share), short(s.after)]);
    line.classList.toggle("later", event > state.position);
    return line;
  });
  if (collected.length) parts.push(table(["when", "sent by", "upstream × local", "contribution", "sum so far"], collected));
  const total = element("p", "", `${partial(i)} = `);
  total.append(write(exact(state.gradients[i]), state.gradients[i]), gradients.get(i) === state.gradients[i] ? "" : " at the end");
  parts.push(total, ...pathsOf(i));
  box.replaceChildren(...parts);
}

function pathsOf(i) {
  const found = [];
  for (const path of paths(i)) if (found.push(path) > MOST_PATHS) break;
  if (found.length < 2) return [];
  const lines = found.slice(0, MOST_PATHS).map((path) => {
    const product = path.reduceRight((total, k) => total * state.slopes[k], 1);
    const factors = path.map((k) => bracketed(short(state.slopes[k]))).reverse().join(" × ");
    return row([[i, ...path.map((k) => uses[k][0])].map((n) => nodes[n].name).join(" → "), factors, write(signed(product), product)]);
  });
  const title = element("p", "", found.length > MOST_PATHS ? `The first ${MOST_PATHS} of its paths:` : "The same as the sum over its paths:");
  return [title, table(["path to the result", "local derivatives", "product"], lines)];
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
  number.addEventListener("input", () => number.value !== "" && change(j, Number(number.value)));
  line.append(element("span", "leaf-name", name), range, number, gradient);
  $("leaves").append(line);
  return {
    show(x, g) {
      if (document.activeElement !== range) range.value = x;
      if (document.activeElement !== number) number.value = x;
      gradient.replaceChildren(g === undefined ? "" : write(signed(g), g));
    },
  };
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
  const note = "grey: the value, forward; colour: upstream × local, backward, wider where larger";
  $("legend").replaceChildren(element("span", "", `gradient of ${nodes[root].name}`), ...shares, element("span", "", note));
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
$("position").max = last;
$("position").addEventListener("input", () => { pause(); move(Number($("position").value)); });
document.addEventListener("keydown", (event) => {
  const keys = { ArrowLeft: "back", ArrowRight: "next", " ": "play", Home: "start", End: "end" };
  const action = actions[keys[event.key]];
  const own = event.target.closest("input, select, summary") || (event.key === " " && event.target.closest("button"));
  if (!action || own || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  action();
});

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
$("columns").classList.toggle("many", leaves.length > 8);
$("leaves-note").textContent = !leaves.length ? "This graph has none." : data.live
  ? "Drag it: both passes are computed anew, here in the page."
  : "They stay as they are: JavaScript does not know one of this graph's operations.";
$("reset").hidden = !data.live || !leaves.length;
picture.style.setProperty("--units", picture.viewBox.baseVal.width);
picture.setAttribute("role", "group");
picture.setAttribute("aria-label", `Graph of ${nodes[root].name}: ${nodes.length} nodes`);
compute();
themed();
