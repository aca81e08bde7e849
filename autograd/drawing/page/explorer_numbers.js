// What the page knows.  `program`, printed above, gives all values and all local derivatives from the
// leaves; here is what backward() makes of them, one product and one sum for each event, and how formulas
// are written in events.py.
const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const { nodes, forward, uses, edges, leaves, root } = data;
const last = forward.length + 1 + uses.length; // the events: forward, the seed, backward
const state = { position: 0, selected: null, values: [], slopes: [], gradients: [], sent: [], largest: 0, timer: null };
state.inputs = leaves.map((i) => Number(data.values[i]));
const first = [...state.inputs];

// --- the numbers ---------------------------------------------------------------------------------

function compute() {
  const results = data.live ? program(...state.inputs) : [...data.values, ...data.slopes].map(Number);
  state.values = results.slice(0, nodes.length);
  state.slopes = results.slice(nodes.length);
  const gradients = nodes.map(() => 0);
  const reached = new Set([root]);
  gradients[root] = 1;
  state.sent = uses.map(([node, parent, , selects], k) => {
    const upstream = gradients[node], local = state.slopes[k], before = gradients[parent];
    const taken = reached.has(node) && !(selects && local === 0); // a branch that was not taken is silent
    if (taken) reached.add(parent);
    const share = taken ? upstream * local : 0;
    gradients[parent] = before + share;
    return { upstream, local, share, before, after: gradients[parent], taken };
  });
  state.gradients = gradients;
  state.largest = Math.max(0, ...nodes.map((n, i) => (n.kind === "number" ? 0 : Math.abs(gradients[i]))).filter(Number.isFinite));
}

// The number of an event tells its kind: forward, the seed, backward.
const operationOf = (event) => forward[event - 1];
const useOf = (event) => event - forward.length - 2;
const computedAt = new Map(forward.map((f, k) => [f.node, k + 1]));
const arrivals = nodes.map(() => []); // the backward events of each node
uses.forEach(([, parent], k) => arrivals[parent].push(k));

// --- numbers and names ---------------------------------------------------------------------------

const partial = (i) => data.partials[i]; // ∂root/∂node; data.symbols has the local derivatives of the uses

function inNumbers(f) { // its places, one for each operand, stand between two letters for private use
  return f.numbers.replace(/\ue000(\d+)\ue001/g, (_, k) => {
    const text = short(state.values[f.operands[k]]);
    if (f.raised && /[⁰¹²³⁴-⁹]$/.test(text)) return `(${text})`; // a power of ten under an exponent
    return f.brackets ? bracketed(text) : text;
  });
}

function sentence(event) { // what autograd.record prints
  if (event <= forward.length) {
    const f = operationOf(event);
    return `${nodes[f.node].name} = ${f.names} = ${inNumbers(f)} = ${short(state.values[f.node])}`;
  }
  const k = useOf(event);
  if (k < 0) return `${partial(root)} = 1`;
  const [node, parent] = uses[k], s = state.sent[k];
  const product = `${bracketed(short(s.upstream))} × ${bracketed(short(s.local))}${outcome(s)}`;
  const chain = `${partial(node)} · ${data.symbols[k]}`;
  return `${partial(parent)} += ${chain} = ${product}   (${short(s.before)} → ${short(s.after)})`;
}

const nan = (x) => x !== x;
const undetermined = (s) => s.taken && nan(s.share) && !nan(s.upstream) && !nan(s.local); // 0 × ∞

function outcome(s) {
  if (undetermined(s)) return ": undetermined";
  return !s.taken && s.upstream * s.local !== 0 ? ": not taken" : ` = ${short(s.share)}`;
}

// --- colours ------------------------------------------------------------------------------------------

const colour = (g, atLeast = 0) => gradientColour(data.scales[dark() ? "dark" : "light"], g, state.largest, atLeast);
