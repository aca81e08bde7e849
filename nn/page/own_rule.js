// The learner's own rule: parsed by a grammar that knows numbers, names, + − · / ^ and brackets, and is never
// run as code.  Whether it is right is decided at fixed probes, where σ is not flat and no sum is 0; the
// network only lends its numbers to the sentence.

const SPELLED = { delta: "δ", d: "δ", eta: "η", theta: "θ", yhat: "ŷ", y_hat: "ŷ", s: "sum" };

// kind -> what it is asked for, its symbol, the names it may use, and a first text
const RULES = {
  hidden: { title: "a hidden neuron", symbol: "δᵢ =", names: ["s1", "u", "o", "sum"], first: "s1 * sum", unit: "hidden neuron" },
  output: { title: "the output", symbol: "δₖ =", names: ["s1", "u", "y", "ŷ"], first: "-2 * (y - ŷ) * s1", unit: "output neuron" },
  slope: { title: "a gradient", symbol: "∂Err/∂θᵢₗ =", names: ["δ", "o"], first: "δ * o", unit: "θ" },
  update: { title: "the step", symbol: "θ ←", names: ["θ", "η", "δ", "o"], first: "θ - η * δ * o", unit: "θ" },
};

const meaning = "s1 = σ′(uᵢ), sum = Σⱼ δⱼ·θⱼᵢ, o = what came along the line";

// --- the grammar --------------------------------------------------------------------------------------------

const SIGNS = { "−": "-", "–": "-", "·": "*", "×": "*", "÷": "/", "²": "^2", "³": "^3" };

function tokens(text) {
  const plain = text.normalize("NFC").replace(/σ\s*['′’]\s*(\(\s*u[ᵢₖ]?\s*\))?/g, " s1 ").replace(/Σ\s*(δ\s*[·*]?\s*θ)?/g, " sum ")
    .replace(/[−–·×÷²³]/g, (c) => SIGNS[c]).replace(/[ᵢⱼₖₗ]/g, "").replace(/y\u0302/g, "ŷ").replace(/\*\*/g, "^");
  return plain.match(/\d+\.?\d*(e[-+]?\d+)?|\.\d+(e[-+]?\d+)?|[\p{L}_][\p{L}\p{N}_]*|\S/giu) ?? [];
}

// A function of an object of numbers.  Throws an Error that says what is wrong, for a text of more than 200 characters too.
function parsed(text, names) {
  if (text.length > 200) throw new Error("This is longer than any rule");
  const given = tokens(text);
  let at = 0;
  const next = () => given[at];

  function sum() {
    let left = product();
    while (next() === "+" || next() === "-") left = binary(given[at++], left, product());
    return left;
  }
  function product() {
    let left = signedFactor();
    for (;;) {
      if (next() === "*" || next() === "/") left = binary(given[at++], left, signedFactor());
      else if (next() !== undefined && /^[\p{L}\d(.]/u.test(next())) left = binary("*", left, signedFactor()); // 2 s1
      else return left;
    }
  }
  function signedFactor() {
    if (next() === "-" || next() === "+") {
      const minus = given[at++] === "-", value = signedFactor();
      return minus ? (x) => -value(x) : value;
    }
    return power();
  }
  function power() {
    const base = atom();
    if (next() !== "^") return base;
    at++;
    return binary("^", base, signedFactor());
  }
  function atom() {
    const token = given[at++];
    if (token === undefined) throw new Error("The formula ends too early");
    if (token === "(") {
      const inner = sum();
      if (given[at++] !== ")") throw new Error("A ) is missing");
      return inner;
    }
    if (/^[\d.]*\d/.test(token)) {
      const number = Number(token);
      return () => number;
    }
    const name = SPELLED[token] && !names.includes(token) ? SPELLED[token] : token;
    if (!names.includes(name)) throw new Error(`“${token.slice(0, 12)}” is not known here: ${names.join(", ")}`);
    return (x) => x[name];
  }

  const found = sum();
  if (at < given.length) throw new Error(`“${given[at].slice(0, 12)}” is not expected here`);
  return found;
}

function binary(operator, a, b) {
  return {
    "+": (x) => a(x) + b(x), "-": (x) => a(x) - b(x), "*": (x) => a(x) * b(x), "/": (x) => a(x) / b(x), "^": (x) => a(x) ** b(x),
  }[operator];
}

// --- probes: what a rule is given, and the engine's answer ------------------------------------------------------

const PROBED = [-1.3, -0.7, -0.2, 0.3, 0.9, 1.4];

function probesOf(kind, network) {
  if (kind === "hidden") {
    const sigmas = [...new Set(network.layers.slice(0, -1).map((layer) => layer.sigma))];
    return sigmas.flatMap((sigma) => PROBED.map((u, n) => hiddenProbe(sigma, u, [0.8, -1.1][n % 2] * (1 + n / 7))));
  }
  if (kind === "output") {
    const code = coding(network.loss, network.last.sigma, network.outputs);
    return PROBED.flatMap((u) => [0, 1].map((c) => outputProbe(network, u + 0.05 * c, c ? 1 : (code.low ?? 0))));
  }
  const pairs = PROBED.map((δ, n) => ({ δ, o: [0.6, -0.45, 1.2][n % 3], θ: [0.35, -0.8][n % 2], η: 0.1 * (n + 1) }));
  return pairs.map((x) => ({ x, truth: kind === "slope" ? slopeOfPair(x) : movedOfPair(x) }));
}

function hiddenProbe(sigma, u, sum) {
  const s1 = slopeOf(sigma, u);
  return { x: { s1, u, o: valueOf(sigma, u), sum }, truth: deltaOf(sigma, u, sum) };
}

function deltaOf(sigma, u, g) {
  const delta = new Float64Array(1);
  engine.DELTA[sigma](1, Float64Array.of(u), Float64Array.of(g), delta);
  return delta[0];
}

function outputProbe({ loss, last: { sigma } }, u, y) { // the error of one output by itself
  const ŷ = valueOf(sigma, u), g = new Float64Array(1);
  engine.LOSS[`${loss}_1`](Float64Array.of(ŷ), Float64Array.of(y), 1, g);
  return { x: { s1: slopeOf(sigma, u), u, o: ŷ, ŷ, y, g: g[0] }, truth: deltaOf(sigma, u, g[0]) };
}

function slopeOfPair({ δ, o }) {
  const [slope, g] = [new Float64Array(2), new Float64Array(1)];
  engine.blame(1, 1, new Float64Array(2), Float64Array.of(o), Float64Array.of(δ), slope, g);
  return slope[0];
}

function movedOfPair(x) {
  const theta = Float64Array.of(x.θ);
  engine.UPDATE.sgd(1, theta, Float64Array.of(slopeOfPair(x)), x.η);
  return theta[0];
}

const near = (mine, truth) => mine === truth || Math.abs(mine - truth) <= 1e-9 * Math.max(Math.abs(truth), 1e-300);

// Mistakes by what the rule gives in the place of the truth; the first that fits all probes names it.
function mistakeOf(kind, rule, probes, network) {
  const fits = (f) => probes.every(({ x, truth }) => near(rule(x), f(x, truth)));
  const factor = (c) => fits((x, truth) => c * truth);
  if (kind === "update") {
    const step = (x) => x.θ - movedOfPair(x);
    return fits((x) => x.θ + step(x)) ? "uphill: the sign of the step is wrong"
      : fits((x) => x.θ - step(x) / x.η) ? "η is missing"
      : fits((x) => x.θ - x.η * x.δ) ? "o, what came along the line, is missing"
      : fits((x) => x.θ - x.η * x.o) ? "δ is missing"
      : fits((x) => step(x)) ? "the step alone is not the new θ"
      : fits((x) => -step(x)) ? "the step alone is not the new θ" : "";
  }
  if (factor(-1)) return "the sign is wrong";
  if (kind === "slope") {
    return fits((x) => x.δ) ? "o, what came along the line, is missing" : fits((x) => x.o) ? "δ is missing"
      : factor(2) || factor(0.5) ? "a factor 2" : fits((x) => x.δ + x.o) ? "a product, not a sum" : "";
  }
  const flat = network.layers.every((layer) => layer.sigma === "linear");
  const wrong = kind === "hidden" ? (x) => x.sum : (x) => x.g;
  return !flat && fits((x) => wrong(x)) ? "σ′(u) is missing"
    : !flat && fits((x) => -wrong(x)) ? "σ′(u) is missing, and the sign is wrong"
    : factor(2) || factor(0.5) ? "a factor 2" : factor(-2) || factor(-0.5) ? "a factor −2"
    : fits((x) => x.s1) ? (kind === "hidden" ? "Σ δ·θ is missing" : "∂Err/∂ŷ is missing")
    : fits((x) => x.o * wrong(x)) ? "o stands in the place of σ′(u)"
    : fits((x) => x.u * wrong(x)) ? "u stands in the place of σ′(u)"
    : fits((x) => x.s1 * x.s1 * wrong(x)) ? "σ′(u) is there twice" : "";
}

// --- the judgement, and the network's own numbers ------------------------------------------------------------------

// Every place where the rule can be asked in a network after forward and backward: its name, what it is given, the truth.
function* placesOf(kind, network, y, rate) {
  const { layers } = network, last = layers.length - 1;
  for (let k = last; k >= 0; k--) {
    const { n, m, u, o, delta, g, theta, slope } = layers[k], before = k ? layers[k - 1].o : network.x;
    for (let i = 0; i < m; i++) {
      const s1 = network.slopeAt(k, i), name = `${k + 1}·${i + 1}`;
      if (kind === "hidden" && k < last) yield { name, x: { s1, u: u[i], o: o[i], sum: g[i] }, truth: delta[i] };
      if (kind === "output" && k === last) yield { name, x: { s1, u: u[i], o: o[i], ŷ: o[i], y: y[i], g: g[i] }, truth: delta[i] };
      if (kind !== "slope" && kind !== "update") continue;
      for (let l = 0; l < n; l++) {
        const p = i * (n + 1) + l, x = { δ: delta[i], o: before[l], θ: theta[p], η: rate };
        const truth = kind === "slope" ? slope[p] : theta[p] - rate * slope[p];
        yield { name: named("θ", k + 1, i + 1, l + 1), x, truth };
      }
    }
  }
}

function judged(kind, text, network, y, rate) {
  if (kind === "hidden" && network.layers.length === 1) return { says: "There is no hidden neuron: add a layer." };
  if (kind === "output" && network.loss === "cross_entropy") return { says: "Under cross-entropy δₖ needs all outputs at once; ask for another rule." };
  let rule;
  try {
    rule = parsed(text, RULES[kind].names);
  } catch (error) {
    return { says: `${error.message}.` };
  }
  const probes = probesOf(kind, network), right = probes.every(({ x, truth }) => near(rule(x), truth));
  const places = [...placesOf(kind, network, y, rate)], apart = places.filter(({ x, truth }) => !near(rule(x), truth));
  if (right) {
    const flat = apart.length && apart.some(({ truth }) => truth) ? "; where σ is flat, rounding costs it digits" : "";
    const all = places.length === 1 ? `at the ${RULES[kind].unit}` : `at all ${places.length} ${RULES[kind].unit}${kind === "hidden" || kind === "output" ? "s" : ""}`;
    return { rule, right, mark: "✓ agrees", says: ` ${all}${flat}.` };
  }
  const mistake = mistakeOf(kind, rule, probes, network), why = mistake ? ` — ${mistake}.` : ".";
  if (!apart.length) return { rule, right, mistake, mark: "✗ differs", says: `, though not at this sample${why}` };
  const { name, x, truth } = apart[0];
  return { rule, right, mistake, mark: `✗ parts at ${name}`, says: `: yours ${signed(rule(x))}, engine ${signed(truth)}${why}` };
}

// --- training with it: the learner's rule in the place of the engine's, all else as it is ---------------------------

function hookOf(kind, rule) { // what Training calls after each backward; null where the rule is the step itself
  if (kind === "update") return null;
  return (network, y, w) => {
    const { layers } = network;
    for (let k = layers.length - 1; k >= 0; k--) {
      const { n, m, u, o, delta, g, theta, slope, sigma } = layers[k], last = k === layers.length - 1;
      const before = k ? layers[k - 1] : { o: network.x, g: network.toInputs };
      if (!last) engine.DELTA[sigma](m, u, g, delta); // from what came back of the changed δ
      for (let i = 0; i < m; i++) {
        const s1 = network.slopeAt(k, i);
        if (kind === "hidden" && !last) delta[i] = rule({ s1, u: u[i], o: o[i], sum: g[i] });
        if (kind === "output" && last) delta[i] = w * rule({ s1, u: u[i], o: o[i], ŷ: o[i], y: y[i] });
      }
      engine.blame(n, m, theta, before.o, delta, slope, before.g);
      if (kind === "slope") ownSlopes(layers[k], before.o, rule, w);
    }
  };
}

function ownSlopes({ n, m, delta, slope }, o, rule, w) { // of δ as it is of the sample alone
  for (let i = 0; i < m; i++) for (let l = 0; l <= n; l++) {
    slope[i * (n + 1) + l] = w * rule({ δ: delta[i] / w, o: l < n ? o[l] : 1 });
  }
}

function movedBy(rule, theta, slope, rate) { // the step by the learner's rule, of the mean gradient: o is 1
  for (let p = 0; p < theta.length; p++) theta[p] = rule({ θ: theta[p], η: rate, δ: slope[p], o: 1 });
}
