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
  return { group, local, sent, words, back: sent?.textContent[0], strokes };
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
    else stroke.style.strokeWidth = 1 + 2.4 * strength(share, state.largest);
  }
  if (!arrow.local) return;
  arrow.local.textContent = done ? arrow.words + signed(local) : "";
  arrow.sent.textContent = done ? `${arrow.back} ${undetermined(state.sent[use]) ? "0·∞" : signed(share)}` : "";
  arrow.sent.style.fill = share && share === share ? colour(share, 1) : "";
}

const useEvent = (k) => forward.length + 2 + k;
const useOfArrow = new Map(uses.map(([, , arrow], k) => [arrow, k]));

function happening(p) { // which nodes and arrows the event is about
  if (p === 0) return { nodes: [], arrows: [] };
  if (p > forward.length + 1) {
    const [node, parent, arrow] = uses[useOf(p)];
    return { nodes: [node, parent], arrows: [arrow] };
  }
  if (p > forward.length) return { nodes: [root], arrows: [] };
  const { node, operands } = operationOf(p);
  return { nodes: [node, ...operands], arrows: edges.flatMap(([, head], a) => (head === node ? [a] : [])) };
}

function render() {
  const p = state.position, k = useOf(p), now = happening(p);
  const gradients = new Map(p > forward.length ? [[root, 1]] : []);
  for (let use = 0; use <= k; use++) gradients.set(uses[use][1], state.sent[use].after);
  const known = (i) => nodes[i].kind !== "step" || computedAt.get(i) <= p;
  nodes.forEach((_, i) => drawCard(i, known(i), gradients.get(i), now.nodes.includes(i)));
  edges.forEach(([, head], a) => drawArrow(a, useOfArrow.get(a), known(head), now.arrows.includes(a)));
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
  const notes = [note, ...data.notes].map((text) => element("span", "note", text));
  $("legend").replaceChildren(element("span", "", `gradient of ${nodes[root].name}`), ...shares, ...notes);
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
