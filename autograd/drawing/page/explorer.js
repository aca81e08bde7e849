// What the page shows, and what its reader does: `render` writes all of it anew for one moment of the film.

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
  const { name } = nodes[i], line = make("div", "leaf");
  const range = make("input"), number = make("input"), gradient = make("span", "slope");
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
  const open = typeset(make("button", "leaf-name go"), name);
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
  const notes = [note, ...data.notes].map((text) => make("span", "note", text));
  $("legend").replaceChildren(make("span", "", reverse ? `gradient of ${nodes[root].name}` : `tangents: ${nodes[state.seed].name} moves`), ...shares, ...notes);
}

function list() {
  if (!$("events").closest("details").open) return;
  $("events").replaceChildren(...Array.from({ length: last }, (_, k) => {
    const line = make("li", k + 1 > state.position ? "later" : "");
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
  const option = (value, text) => Object.assign(make("option", "", text), { value });
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
