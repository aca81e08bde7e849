// The picture: its cards and arrows, found in the SVG by the marks that live.py has left there, and written anew
// for one moment of the film.

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
  const chip = make("span", "chip", text);
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
  const x = state.values[theta], stroke = gradient ? colour(gradient, 0.4) : "";
  line.style.strokeWidth = 0.7 + 2.3 * Math.min(1, Math.abs(x) / state.widest || 0);
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
