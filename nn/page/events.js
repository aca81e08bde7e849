// The events of one sample, and how each is told: a sentence, its formula with the numbers under it, and
// the lecture's general one.  Numbers come from a network after forward and backward.

const below = (...ns) => ns.join("").replace(/\d/g, (d) => "₀₁₂₃₄₅₆₇₈₉"[d]);
const named = (symbol, k, ...ns) => `${symbol}⁽${superscript(k)}⁾${below(...ns)}`;
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const percent = (x) => `${Number(Math.abs(100 * x).toPrecision(2))} %`;

function eventsOf(network) {
  const found = [], { layers } = network;
  const each = (k, kinds) => Array.from({ length: layers[k].m }, (_, i) => kinds.map((kind) => ({ kind, k, i }))).flat();
  layers.forEach((_, k) => found.push(...each(k, ["u", "o"])));
  found.push({ kind: "err" });
  for (let k = layers.length - 1; k >= 0; k--) found.push(...each(k, ["δ"]), ...each(k, ["θ"]));
  found.push({ kind: "update" });
  return found;
}

const phaseOf = ({ kind }) =>
  kind === "update" ? "update" : kind === "δ" || kind === "θ" ? "← backward" : "forward →";

// --- words and names ----------------------------------------------------------------------------------------

function who(network, k, i) {
  const last = k === network.layers.length - 1;
  return last && network.outputs === 1 ? "the output neuron" : last ? `output neuron ${i + 1}` : `neuron ${i + 1} of layer ${k + 1}`;
}

const outputName = (network, i) => (network.outputs === 1 ? "ŷ" : `ŷ${below(i + 1)}`);
const targetName = (network, i) => (network.outputs === 1 ? "y" : `y${below(i + 1)}`);

function sentName(network, k, l) { // what neuron or input l sends from layer k on; −1: the inputs
  if (k < 0) return `x${below(l + 1)}`;
  return k === network.layers.length - 1 ? outputName(network, l) : named("o", k + 1, l + 1);
}

const sent = (network, k) => (k < 0 ? network.x : network.layers[k].o);

// Of the losses: the lecture's formula, and whether a target is the number of a class.
const LOSSES = {
  squared_error: { title: "squared error", general: "Err = Σ (y − ŷ)²" },
  half_squared_error: { title: "half squared error", general: "Err = ½ Σ (y − ŷ)²" },
  mean_squared_error: { title: "mean squared error", general: "Err = mean of (y − ŷ)²" },
  hinge: { title: "hinge", general: "Err = Σ max(0, 1 − y · ŷ)" },
  binary_cross_entropy: { title: "binary cross-entropy", general: "Err = −y · ln p − (1 − y) · ln (1 − p) ,  p = sigmoid(ŷ)" },
  cross_entropy: { title: "cross-entropy", general: "Err = −ln p of the right class ,  p = softmax(ŷ)" },
};

// --- formulas: terms that stand beside each other, a symbol over a number ------------------------------------------

const term = (symbol, number, gradient) => ({ symbol, number, gradient });
const sign = (symbol) => ({ symbol, number: symbol, sign: true });

function joined(parts, room, operator) { // as many as fit, then …, then the last
  const shown = parts.length <= room ? parts : [...parts.slice(0, room - 2), [sign("…")], parts[parts.length - 1]];
  return shown.flatMap((part, n) => (n ? [sign(operator), ...part] : part));
}

// An update is written with as many digits as it takes to see it.
const visible = (x, change) => {
  const needed = x && change ? Math.ceil(Math.log10(Math.abs(x / change))) + 2 : 3;
  return short(x, Math.min(7, Math.max(3, needed)));
};

function updateTerms(name, before, slope, rate, after) {
  const change = after - before;
  return [
    term(name, visible(after, change)), sign("←"), term(name, visible(before, change)), sign("−"),
    term("η", String(rate)), sign("·"), term(`∂Err/∂${name}`, bracketed(short(slope)), slope),
  ];
}

function steepest(network, slope) { // the θ with the largest gradient
  let best = { g: 0, at: 0, name: named("θ", 1, 1, 1) };
  network.layers.forEach(({ n, m }, k) => {
    for (let i = 0; i < m; i++) for (let l = 0; l < n; l++) {
      const at = network.place(k, i, l), g = slope[at];
      if (Math.abs(g) > Math.abs(best.g)) best = { g, at, name: named("θ", k + 1, i + 1, l + 1) };
    }
  });
  return best;
}

// What an event says; y: the sample's target, rate: η, room: how many terms of a sum fit.
function toldOf(event, network, y, rate, room) {
  return TOLD[event.kind](network, event, { y, rate, room });
}

const TOLD = {
  u(network, { k, i }, { room }) {
    const { n, theta, u } = network.layers[k], row = i * (n + 1), o = sent(network, k - 1);
    const parts = Array.from({ length: n }, (_, l) => [
      term(named("θ", k + 1, i + 1, l + 1), bracketed(short(theta[row + l]))), sign("·"),
      term(sentName(network, k - 1, l), bracketed(short(o[l]))),
    ]);
    if (network.biased) parts.push([term(named("b", k + 1, i + 1), bracketed(short(theta[row + n])))]);
    return {
      say: `${capital(who(network, k, i))} weighs what it is sent${network.biased ? ", and adds its bias" : ""}.`,
      general: "uᵢ = Σₗ θᵢₗ · oₗ",
      terms: [term(named("u", k + 1, i + 1), short(u[i])), sign("="), ...joined(parts, room, "+")],
    };
  },

  o(network, { k, i }) {
    const { u, o, sigma } = network.layers[k];
    const flat = Math.abs(network.slopeAt(k, i)) < 0.1 * engine.STEEPEST[sigma] && sigma !== "linear";
    return {
      say: `${capital(who(network, k, i))} answers with σ = ${sigma}${flat ? `: ${Math.abs(u[i]) > 1 ? "|u| is large, and " : ""}σ is nearly flat here` : ""}.`,
      general: "oᵢ = σ(uᵢ)",
      terms: [term(sentName(network, k, i), short(o[i])), sign(`= ${sigma} (`), term(named("u", k + 1, i + 1), short(u[i])), sign(")")],
    };
  },

  err(network, _, { y, room }) {
    const { o } = network.last, { general } = LOSSES[network.loss];
    const parts = Array.from(o, (ŷ, i) => [
      sign("("), term(targetName(network, i), short(y[i])), sign("−"), term(outputName(network, i), bracketed(short(ŷ))), sign(")²"),
    ]);
    const plain = ["squared_error", "half_squared_error", "mean_squared_error"].includes(network.loss);
    const scale = network.loss === "half_squared_error" ? [sign("½ ·")]
      : network.loss === "mean_squared_error" && o.length > 1 ? [sign(`1/${o.length} ·`)] : [];
    const many = parts.length > 1 && scale.length; // a sum that is multiplied stands in brackets
    const squares = [...scale, ...(many ? [sign("(")] : []), ...joined(parts, room, "+"), ...(many ? [sign(")")] : [])];
    const others = [sign("of"), ...joined(Array.from(o, (ŷ, i) => [term(outputName(network, i), short(ŷ))]), room, ","), sign("and"),
      ...joined(Array.from(y, (t, i) => [term(y.length === 1 ? "y" : targetName(network, i), short(t))]), room, ",")];
    return {
      say: `The prediction ŷ is compared with the target y: this is what all θ will be blamed for.`,
      general,
      terms: [term("Err", short(network.err)), ...(plain ? [sign("="), ...squares] : others)],
    };
  },

  δ(network, { k, i }, { y, room }) {
    return k === network.layers.length - 1 ? outputDelta(network, k, i, y) : hiddenDelta(network, k, i, room);
  },

  θ(network, { k, i }, { room }) {
    const { n, delta, slope } = network.layers[k], o = sent(network, k - 1), row = i * (n + 1);
    const parts = Array.from({ length: n }, (_, l) => [
      term(`∂Err/∂${named("θ", k + 1, i + 1, l + 1)}`, short(slope[row + l]), slope[row + l]), sign("="),
      term(l ? "δ" : named("δ", k + 1, i + 1), bracketed(short(delta[i])), delta[i]), sign("·"),
      term(sentName(network, k - 1, l), bracketed(short(o[l]))),
    ]);
    return {
      say: `Each θ of ${who(network, k, i)} gets its gradient: its δ times what came along that line.`,
      general: "∂Err/∂θᵢₗ = δᵢ · oₗ",
      terms: joined(parts, Math.max(2, room - 2), ";"),
    };
  },

  update(network, _, { rate }) {
    const { g, at, name } = steepest(network, network.slope), before = network.theta[at];
    return {
      say: `And every θ moves against its gradient, by the learning rate η = ${rate}; here the θ with the largest gradient.`,
      general: "θᵢₗ ← θᵢₗ − η · δᵢ · oₗ",
      terms: updateTerms(name, before, g, rate, before - rate * g),
    };
  },
};

function outputDelta(network, k, i, y) {
  const { o, u, delta, g } = network.layers[k], slope = network.slopeAt(k, i), U = named("u", k + 1, i + 1);
  const factor = { squared_error: "−2 ·", half_squared_error: "−" }[network.loss];
  const wrong = factor
    ? [sign(`= ${factor} (`), term(targetName(network, i), short(y[i])), sign("−"), term(outputName(network, i), bracketed(short(o[i]))), sign(") ·")]
    : [sign("="), term(`∂Err/∂${outputName(network, i)}`, bracketed(short(g[i])), g[i]), sign("·")];
  return {
    say: `Backward begins: how Err changes with the u of ${network.outputs === 1 ? "the output" : `output ${i + 1}`}. ${blame(network, k, i, "Its slope σ′ lets", "of the blame through")}`,
    general: factor ? `δₖ = ${factor} (y − ŷ) · σ′(uₖ)` : "δₖ = ∂Err/∂ŷ · σ′(uₖ)",
    terms: [term(named("δ", k + 1, i + 1), short(delta[i]), delta[i]), ...wrong, term(`σ′(${U})`, bracketed(short(slope)))],
  };
}

function hiddenDelta(network, k, i, room) {
  const { delta } = network.layers[k], next = network.layers[k + 1], slope = network.slopeAt(k, i);
  const parts = Array.from({ length: next.m }, (_, j) => [
    term(named("δ", k + 2, j + 1), bracketed(short(next.delta[j])), next.delta[j]), sign("·"),
    term(named("θ", k + 2, j + 1, i + 1), bracketed(short(next.theta[j * (next.n + 1) + i]))),
  ]);
  const many = next.m === 1 ? "the neuron" : `the ${next.m} neurons`, reach = next.m === 1 ? "as far as" : "each as far as";
  return {
    say: slope === 0
      ? `${capital(who(network, k, i))} is silent here: σ′ = 0 lets nothing through.`
      : `${capital(who(network, k, i))} is blamed by ${many} after it, ${reach} its θ reaches; ${blame(network, k, i, "σ′ lets", "through")}`,
    general: "δᵢ = σ′(uᵢ) · Σⱼ δⱼ · θⱼᵢ",
    terms: [
      term(named("δ", k + 1, i + 1), short(delta[i]), delta[i]), sign("="),
      term(`σ′(${named("u", k + 1, i + 1)})`, bracketed(short(slope))), sign("· ("), ...joined(parts, room, "+"), sign(")"),
    ],
  };
}

function blame(network, k, i, lets, through) {
  const slope = network.slopeAt(k, i);
  if (slope === 0) return "It is silent here: σ′ = 0 lets nothing through.";
  return slope < 0 ? `${lets} ${percent(slope)} ${through}, with the sign turned.` : `${lets} ${percent(slope)} ${through}.`;
}
