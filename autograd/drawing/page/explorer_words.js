// What stands beside the picture: the event's chain rule with symbols and numbers, and all about one node.

// --- the event in words ----------------------------------------------------------------------------

const LEFTWARD = /([\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc](?:\s*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])*)/;

function append(box, text) { // what is written to the left turns round by itself, and not the formula about it
  text.split(LEFTWARD).forEach((part, i) => box.append(i % 2 ? make("bdi", "", part) : part));
  return box;
}

function typeset(box, text) { // a layer above its indices, at a size that can be read
  const parts = text.split(/⁽([⁰¹²³⁴-⁹]+)⁾([₀-₉,]*)/);
  for (let i = 0; i < parts.length; i += 3) {
    append(box, parts[i]);
    if (i + 1 === parts.length) break;
    const stack = make("span", "stack");
    stack.append(make("span", "", `(${plain(parts[i + 1])})`), make("span", "", plain(parts[i + 2]) || "\u00a0"));
    box.append(stack);
  }
  return box;
}

function factor(sign, symbol, number, caption) { // a factor and the sign before it: symbols above, numbers below
  const group = make("div", "group"), box = make("div", "factor"), value = make("span", "number");
  value.append(number);
  box.append(typeset(make("span", "symbol"), symbol), value, make("span", "caption", caption));
  if (sign) group.append(make("span", "sign", sign));
  group.append(box);
  return group;
}

function panel(p) {
  const k = useOf(p), value = p > 0 && isValue(p);
  const phase = p === 0 ? "before the film" : value || state.seed !== null ? "forward" : "backward";
  $("moment").textContent = `event ${p} of ${last} · ${phase}`;
  const parts = p === 0 ? beginning() : value ? computed(operationOf(p)) : k < 0 ? seed() : chainRule(k);
  $("rule").replaceChildren(...parts);
  const text = p ? `Event ${p}: ${sentence(p)}` : "Start";
  if ($("said").textContent !== text && !state.timer) $("said").textContent = text;
}

const START = "The leaves have their values, and nothing is computed yet. Press play, or step on with →.";
const beginning = () => [make("p", "", START)];

const computed = (f) => [
  factor("", nodes[f.node].name, short(state.values[f.node]), "value"),
  factor("=", f.names, inNumbers(f), "from its operands"),
];

const seed = () => (state.seed === null ? [
  factor("", partial(root), write("+1.00", 1), "where backward begins"),
  make("p", "", `${nodes[root].name} changes by as much as itself.`),
] : [
  factor("", partial(state.seed), write("+1.00", 1), "the leaf that moves"),
  make("p", "", `${nodes[state.seed].name} moves at the rate 1: how fast does every number follow?`),
]);

function chainRule(k) {
  const s = state.sent[k], reverse = state.seed === null;
  const moved = make("span", "", `${signed(s.before)} → `);
  moved.append(write(signed(s.after), s.after));
  const upstream = [partial(giver(k)), write(signed(s.upstream), s.upstream), reverse ? "upstream gradient" : "its tangent"];
  const local = [data.symbols[k], signed(s.local), "local derivative"];
  return [
    factor("", partial(receiver(k)), moved, "collected so far"),
    factor("+=", ...(reverse ? upstream : local)),
    factor("×", ...(reverse ? local : upstream)),
    factor("=", "", write(signed(s.share), s.share), undetermined(s) ? "0 · ∞: undetermined" : "contribution"),
  ];
}

// --- one node --------------------------------------------------------------------------------------

function select(i) {
  state.selected = state.selected === i ? null : i;
  render();
  if (state.selected !== null && matchMedia("(min-width: 761px)").matches) $("node-part").scrollTop = 0;
  const below = $("node").getBoundingClientRect().top + 160 - innerHeight;
  if (state.selected !== null && below > 0) scrollBy(0, below); // so that something is seen to happen
}

function* paths(from, walked = []) { // from a node to where the film began, as lists of uses
  if (from === (state.seed ?? root)) yield walked;
  for (const k of arrivals[from]) yield* paths(giver(k), [...walked, k]);
}

function go(event, text) {
  const button = append(make("button", "go"), text);
  button.type = "button";
  button.addEventListener("click", () => move(event));
  return button;
}

function row(cells, tag = "td") {
  const line = make("tr");
  for (const content of cells) {
    const cell = make(tag);
    if (typeof content === "string") typeset(cell, content);
    else cell.append(content);
    line.append(cell);
  }
  return line;
}

function table(head, rows) {
  const made = make("table"), top = make("thead"), body = make("tbody");
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
    const hint = "Click a node of the graph: here is then every contribution to its gradient, and every path from it.";
    box.replaceChildren(make("p", "", hint));
    return;
  }
  const node = nodes[i], name = typeset(make("p", "name"), node.name), at = computedAt.get(i);
  const f = at && operationOf(at);
  name.append(make("span", "tag", node.tag));
  const value = exact(state.values[i]);
  const born = typeset(make("p"), f ? `${node.name} = ${f.names} = ${value}, computed in ` : `${node.name} = ${value}, a leaf`);
  if (at) born.append(go(at, `event ${at}`));
  const parts = [name, born];
  const collected = arrivals[i].map((k) => {
    const s = state.sent[k], event = usedAt.get(k);
    const product = `${bracketed(short(s.upstream))} × ${bracketed(short(s.local))}`;
    const sender = nodes[giver(k)].name, contribution = write(signed(s.share), s.share);
    const line = row([go(event, `event ${event}`), sender, product, contribution, short(s.after)]);
    line.classList.toggle("later", event > state.position);
    return line;
  });
  if (collected.length) parts.push(table(["when", "sent by", state.seed === null ? "upstream × local" : "tangent × local", "contribution", "sum so far"], collected));
  const total = typeset(make("p"), `${partial(i)} = `);
  total.append(write(exact(state.gradients[i]), state.gradients[i]), gradients.get(i) === state.gradients[i] ? "" : " at the end");
  parts.push(total, ...pathsOf(i));
  box.replaceChildren(...parts);
}

function pathsOf(i) {
  const found = [];
  for (const path of paths(i)) if (found.push(path) > MOST_PATHS) break;
  if (found.length < 2) return [];
  const lines = found.slice(0, MOST_PATHS).map((path) => {
    const taken = path.every((k) => !uses[k][3] || state.slopes[k] !== 0);
    const product = taken ? path.reduceRight((total, k) => total * state.slopes[k], 1) : 0;
    const factors = path.map((k) => bracketed(short(state.slopes[k]))).reverse().join(" × ");
    const stations = [i, ...path.map(giver)].map((n) => nodes[n].name);
    return row([stations.join(state.seed === null ? " → " : " ← "), factors, write(signed(product), product)]);
  });
  const all = found.length <= MOST_PATHS;
  const title = make("p", "", all ? "The same as the sum over its paths:" : `The first ${MOST_PATHS} of its paths:`);
  return [title, table([state.seed === null ? "path to the result" : `path from ${nodes[state.seed].name}`, "local derivatives", "product"], lines)];
}
