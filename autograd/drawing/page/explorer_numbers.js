// What the page knows.  `program`, printed above, gives all values and all local derivatives from the
// leaves; here is what backward() makes of them, one product and one sum for each event, and how numbers,
// formulas and colours are written in text.py, events.py and theme.py.
"use strict";
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

// --- numbers and names as the pictures write them ------------------------------------------------

// Half to even, as Python rounds; toFixed and toExponential round half up.
function toEven(exact, keep, otherwise) {
  const tie = /^\.?50*$/.test(exact.slice(keep)) && /[02468]$/.test(exact.slice(0, keep));
  return tie ? exact.slice(0, keep) : otherwise;
}

function threeDigits(x) { // and a power of ten
  const [digits, power] = x.toExponential(100).split("e");
  const even = toEven(digits, 4, "");
  return even ? [even, Number(power)] : x.toExponential(2).split("e").map((part, i) => (i ? Number(part) : part));
}

function fixed(x, decimals) {
  const exact = x.toFixed(100);
  return toEven(exact, exact.indexOf(".") + (decimals && decimals + 1), x.toFixed(decimals));
}

function signed(x) {
  if (x !== x) return "nan";
  if (x === 0) return "0";
  const sign = x > 0 ? "+" : "−", size = Math.abs(x);
  if (size === Infinity) return `${sign}∞`;
  const [digits, power] = threeDigits(size);
  return sign + (-3 <= power && power <= 3 ? fixed(size, Math.max(0, 2 - power)) : `${digits}×10${superscript(power)}`);
}

const superscript = (e) => String(e).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
const short = (x) => signed(x).replace(/^\+/, "");
const bracketed = (text) => (text.startsWith("−") ? `(${text})` : text);
const exact = (x) => (Number.isFinite(x) ? String(x).replace("-", "−") : short(x));
const partial = (i, of = root) => `∂${nodes[of].name}/∂${nodes[i].name}`;

function inNumbers(f) { // its places, one for each operand, stand between two letters for private use
  return f.numbers.replace(/\ue000(\d+)\ue001/g, (_, k) => {
    const text = short(state.values[f.operands[k]]);
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
  const chain = `${partial(node)} · ${partial(parent, node)}`;
  return `${partial(parent)} += ${chain} = ${product}   (${short(s.before)} → ${short(s.after)})`;
}

const nan = (x) => x !== x;
const undetermined = (s) => s.taken && nan(s.share) && !nan(s.upstream) && !nan(s.local); // 0 × ∞

function outcome(s) {
  if (undetermined(s)) return ": undetermined";
  return !s.taken && s.upstream * s.local !== 0 ? ": not taken" : ` = ${short(s.share)}`;
}

// --- colours: theme.py once more -------------------------------------------------------------------

const systemDark = matchMedia("(prefers-color-scheme: dark)");
const dark = () => (document.documentElement.dataset.theme ?? (systemDark.matches ? "dark" : "light")) === "dark";
const rgb = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
const between = (a, b, t) => {
  const from = rgb(a), to = rgb(b);
  return "#" + from.map((p, i) => Math.round(p + (to[i] - p) * t).toString(16).padStart(2, "0")).join("").toUpperCase();
};

function strength(g) {
  if (g !== g) return 0;
  if (Math.abs(g) === Infinity || state.largest <= 0) return g ? 1 : 0;
  return Math.min(1, Math.sqrt(Math.abs(g) / state.largest));
}

function colour(g, atLeast = 0) {
  const scale = data.scales[dark() ? "dark" : "light"];
  if (g === 0 || g !== g) return scale.zero;
  const t = Math.max(atLeast, strength(g)), [pale, middle, strong] = g > 0 ? scale.positive : scale.negative;
  return t < 0.5 ? between(pale, middle, 2 * t) : between(middle, strong, 2 * t - 1);
}

function inkOn(background) {
  const luminance = (c) => {
    const [r, g, b] = rgb(c).map((v) => (v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (c) => {
    const [low, high] = [luminance(c), luminance(background)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const ink = contrast("#0F172A") >= contrast("#FFFFFF") ? "#0F172A" : "#FFFFFF";
  return contrast(ink) >= 4.5 ? ink : "#000000"; // what WCAG asks for: of black and white one always has it
}

