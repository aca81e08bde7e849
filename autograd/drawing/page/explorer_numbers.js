// What the page knows.  `program`, printed above, gives all values and all local derivatives from the
// leaves; here is what either mode makes of them, one product and one sum for each event, and how formulas
// are written in events.py and tangents.py.
const data = JSON.parse($("data").textContent);
const { nodes, forward, uses, edges, leaves, root } = data;
// `seed` is the leaf that moves in forward mode, null in reverse mode; `gradients` are adjoints or tangents.
// `largest` is the gradient of the strongest colour, `widest` the |θ| of the widest line.
const state = { position: 0, selected: null, seed: null, values: [], slopes: [], gradients: [], sent: [], largest: 0, widest: 1, timer: null };
state.inputs = leaves.map((i) => Number(data.values[i]));
const first = [...state.inputs];

// --- the numbers ---------------------------------------------------------------------------------

function compute() {
  const results = data.live ? program(...state.inputs) : [...data.values, ...data.slopes].map(Number);
  state.values = results.slice(0, nodes.length);
  state.slopes = results.slice(nodes.length);
  state.widest = Math.max(...edges.map(([, , theta]) => (theta === null ? 0 : Math.abs(state.values[theta])))) || 1;
  const gradients = nodes.map(() => 0), start = state.seed ?? root;
  const reached = new Set([start]);
  gradients[start] = 1;
  state.sent = uses.map(() => null); // in forward mode a use of what does not move is no event
  for (const [kind, k] of events) {
    if (kind !== "use") continue;
    const from = giver(k), to = receiver(k), upstream = gradients[from], local = state.slopes[k], before = gradients[to];
    const taken = reached.has(from) && !(uses[k][3] && local === 0); // a branch that was not taken is silent
    if (taken) reached.add(to);
    const share = taken ? upstream * local : 0;
    gradients[to] = before + share;
    state.sent[k] = { upstream, local, share, before, after: gradients[to], taken };
  }
  state.gradients = gradients;
  state.largest = Math.max(0, ...nodes.map((n, i) => (n.kind === "number" ? 0 : Math.abs(gradients[i]))).filter(Number.isFinite));
}

// Who gives in a use, and who receives: the result its operand in reverse mode, the operand its result in forward mode.
const giver = (k) => uses[k][state.seed === null ? 0 : 1];
const receiver = (k) => uses[k][state.seed === null ? 1 : 0];

const usesOf = nodes.map(() => []); // as events
uses.forEach(([node], k) => usesOf[node].push(["use", k]));

function film(seed) { // the events of a mode: ["value", which of `forward`], ["seed"], ["use", which of `uses`]
  const values = forward.map((_, k) => ["value", k]);
  if (seed === null) return [...values, ["seed"], ...uses.map((_, k) => ["use", k])];
  const moving = new Set([seed]);
  return [["seed"], ...values.flatMap((value) => {
    const { node } = forward[value[1]];
    const given = usesOf[node].filter(([, k]) => moving.has(uses[k][1]));
    if (given.length) moving.add(node);
    return [value, ...given];
  })];
}

let events = [], last = 0, computedAt = new Map(), usedAt = new Map(), seededAt = 0;
let arrivals = []; // the uses by which something comes to each node
function choose(seed) { // reverse mode, or forward mode from a leaf
  state.seed = seed;
  events = film(seed);
  last = events.length;
  computedAt = new Map(); usedAt = new Map();
  arrivals = nodes.map(() => []);
  events.forEach(([kind, k], i) => {
    if (kind === "value") computedAt.set(forward[k].node, i + 1);
    else if (kind === "seed") seededAt = i + 1;
    else { usedAt.set(k, i + 1); arrivals[receiver(k)].push(k); }
  });
}
choose(null);
const isValue = (event) => events[event - 1][0] === "value";
const operationOf = (event) => forward[events[event - 1][1]];
const useOf = (event) => (event && events[event - 1][0] === "use" ? events[event - 1][1] : -1);
const products = (seed) => film(seed).filter(([kind]) => kind === "use").length;

// --- numbers and names ---------------------------------------------------------------------------

// ∂root/∂node, or a tangent; data.symbols has the local derivatives of the uses.
const partial = (i) => (state.seed === null ? data.partials : data.rates)[i];

function inNumbers(f) { // its places, one for each operand, stand between two letters for private use
  return f.numbers.replace(/\ue000(\d+)\ue001/g, (_, k) => {
    const text = short(state.values[f.operands[k]]);
    if (f.raised && /[⁰¹²³⁴-⁹]$/.test(text)) return `(${text})`; // a power of ten under an exponent
    return f.brackets ? bracketed(text) : text;
  });
}

function sentence(event) { // what autograd.record prints
  if (isValue(event)) {
    const f = operationOf(event);
    return `${nodes[f.node].name} = ${f.names} = ${inNumbers(f)} = ${short(state.values[f.node])}`;
  }
  const k = useOf(event);
  if (k < 0) return state.seed === null ? `${partial(root)} = 1` : `${partial(state.seed)} = 1.00`;
  const s = state.sent[k], chain = [partial(giver(k)), data.symbols[k]];
  const product = [bracketed(short(s.upstream)), bracketed(short(s.local))];
  if (state.seed !== null) { chain.reverse(); product.reverse(); }
  const moved = `${short(s.before)} → ${short(s.after)}`;
  return `${partial(receiver(k))} += ${chain.join(" · ")} = ${product.join(" × ")}${outcome(s)}   (${moved})`;
}

const nan = (x) => x !== x;
const undetermined = (s) => s.taken && nan(s.share) && !nan(s.upstream) && !nan(s.local); // 0 × ∞

function outcome(s) {
  if (undetermined(s)) return ": undetermined";
  return !s.taken && s.upstream * s.local !== 0 ? ": not taken" : ` = ${short(s.share)}`;
}

// --- colours ------------------------------------------------------------------------------------------

const colour = (g, atLeast = 0) => gradientColour(data.scales[dark() ? "dark" : "light"], g, state.largest, atLeast);
