// A network as arrays, and its training.  What is computed is the engine's, lowered from Python's graphs:
// here it is only called, layer by layer and sample by sample, and θ moved.
//
//   n, m   inputs and neurons of a layer       theta, slope   its θ (m rows of n and a bias), ∂Err/∂θ
//   u, o   of its neurons, δ in delta          g              ∂Err/∂o

class Network {
  constructor(sizes, sigmas, loss, biased = true) {
    Object.assign(this, { sizes, sigmas, loss, biased });
    const count = sizes.slice(1).reduce((total, m, k) => total + m * (sizes[k] + 1), 0);
    this.theta = new Float64Array(count);
    this.slope = new Float64Array(count);
    this.x = new Float64Array(sizes[0]);
    this.toInputs = new Float64Array(sizes[0]); // ∂Err/∂x
    this.err = NaN;
    let at = 0;
    this.layers = sizes.slice(1).map((m, k) => {
      const n = sizes[k], end = at + m * (n + 1);
      const [theta, slope] = [this.theta.subarray(at, end), this.slope.subarray(at, end)];
      const [u, o, delta, g] = Array.from({ length: 4 }, () => new Float64Array(m));
      const layer = { n, m, at, theta, slope, u, o, delta, g, sigma: sigmas[k] };
      at = end;
      return layer;
    });
    this.last = this.layers[this.layers.length - 1];
    this.outputs = this.last.m;
    this.error = engine.LOSS[`${loss}_${this.outputs}`];
  }

  // Where θ_il of layer k stands among all θ; l = n is the bias.
  place(k, i, l) {
    return this.layers[k].at + i * (this.layers[k].n + 1) + l;
  }

  forward(x) {
    this.x.set(x);
    let before = this.x;
    for (const { n, m, theta, u, o, sigma } of this.layers) {
      engine.weigh(n, m, theta, before, u);
      engine.SIGMA[sigma](m, u, o);
      before = o;
    }
    return before;
  }

  // After forward: every δ and ∂Err/∂θ of this sample, whose error weighs w.
  backward(y, w = 1) {
    this.err = this.error(this.last.o, y, w, this.last.g);
    for (let k = this.layers.length - 1; k >= 0; k--) {
      const { n, m, theta, slope, u, delta, g, sigma } = this.layers[k];
      const before = k ? this.layers[k - 1] : { o: this.x, g: this.toInputs };
      engine.DELTA[sigma](m, u, g, delta);
      engine.blame(n, m, theta, before.o, delta, slope, before.g);
    }
    return this.err;
  }

  slopeAt(k, i) { // σ′(u) of a neuron
    return slopeOf(this.layers[k].sigma, this.layers[k].u[i]);
  }
}

const [oneU, oneG, oneDelta] = [new Float64Array(1), new Float64Array([1]), new Float64Array(1)];

function slopeOf(sigma, u) {
  oneU[0] = u;
  engine.DELTA[sigma](1, oneU, oneG, oneDelta);
  return oneDelta[0];
}

function valueOf(sigma, u) {
  oneU[0] = u;
  engine.SIGMA[sigma](1, oneU, oneDelta);
  return oneDelta[0];
}

// --- what a sample's class is as a target ----------------------------------------------------------

// A σ that stays above 0, or nearly, learns 0 and 1, one that reaches −1 learns ±1.
const lowest = (sigma) => told.sigmas[sigma].low;

function coding(loss, sigma, outputs) { // what a 0 stands for, and the ŷ that decides where there is one output
  const { targets, threshold } = told.losses[loss];
  if (targets === "classes") return { indexed: true };
  if (targets !== "numbers") return { low: targets === "signs" ? -1 : 0, threshold }; // of a logit, or a margin
  const low = lowest(sigma);
  return { low, threshold: (1 + low) / 2 };
}

function target(c, outputs, { indexed, low }) {
  if (indexed) return Float64Array.of(c);
  if (outputs === 1) return Float64Array.of(c ? 1 : low);
  return Float64Array.from({ length: outputs }, (_, k) => (k === c ? 1 : low));
}

function decided(o, { threshold }) { // the class
  if (o.length === 1) return o[0] > threshold ? 1 : 0;
  let best = 0;
  for (let k = 1; k < o.length; k++) if (o[k] > o[best]) best = k;
  return best;
}

// --- first θ: the streams of content.py --------------------------------------------------------------

function numbersOf(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Float64Array(bytes.buffer);
}

const bytesOf = (text) => Array.from(atob(text), (c) => c.charCodeAt(0));

// θ of MLP(…, initializer, seed): neuron by neuron, weights only; a bias starts at 0.
function drawn(network, initializer, { streams, scales, sigmas }, seed) {
  const uniform = numbersOf(streams[seed].uniform), normal = numbersOf(streams[seed].normal);
  const theta = new Float64Array(network.theta.length);
  let at = 0, kept = null; // Python's gauss makes two numbers at a time, and keeps one
  for (const { n, m, at: start, sigma } of network.layers) {
    const { kind, scale } = scales[initializer || sigmas[sigma].initializer], s = kind === "none" ? 0 : scale[n - 1][m - 1];
    for (let p = 0; p < m * (n + 1); p++) {
      if (p % (n + 1) === n || kind === "none") continue;
      if (kind === "uniform") theta[start + p] = -s + (s - -s) * uniform[at++];
      else if (kept !== null) [theta[start + p], kept] = [kept * s, null];
      else [theta[start + p], kept, at] = [normal[2 * at] * s, normal[2 * at + 1], at + 2];
    }
  }
  return theta;
}

// --- training --------------------------------------------------------------------------------------------

class Training {
  // rule: the learner's own δ, or null; see own_rule.js
  constructor(network, rule = null) {
    this.network = network;
    this.total = new Float64Array(network.theta.length); // ∂Err/∂θ of the last step
    this.memory = {};
    this.steps = 0;
    this.rule = rule;
  }

  // One step down the mean of these samples' errors, which it gives; order: which of them, all by default.
  step(samples, { rate, optimizer, clip }, order = null) {
    const { network, total } = this, count = order ? order.length : samples.length, w = 1 / count;
    let err = 0;
    total.fill(0);
    for (let k = 0; k < count; k++) {
      const { x, y } = samples[order ? order[k] : k];
      network.forward(x);
      err += network.backward(y, w);
      if (this.rule) this.rule(network, y, w);
      const { slope } = network;
      for (let p = 0; p < slope.length; p++) total[p] += slope[p];
    }
    if (!network.biased) silenceBiases(network, total);
    if (clip > 0) shorten(total, clip);
    this.move(total, rate, optimizer);
    return err / count;
  }

  move(slope, rate, optimizer) {
    const { theta } = this.network, update = engine.UPDATE[optimizer];
    const memory = told.remembered[optimizer].map((name) => (this.memory[name] ??= new Float64Array(theta.length)));
    update(theta.length, theta, slope, ...memory, rate, this.steps);
    this.steps++;
  }
}

function silenceBiases(network, slope) {
  for (const { n, m, at } of network.layers) for (let i = 0; i < m; i++) slope[at + i * (n + 1) + n] = 0;
}

// A vector of at most `limit` in its direction, as clip_grad_norm makes it.
function shorten(slope, limit) {
  let largest = 0, squares = 0;
  for (const g of slope) largest = Math.max(largest, Math.abs(g));
  if (!(largest > 0) || largest === Infinity) return;
  for (const g of slope) squares += (g / largest) ** 2;
  const norm = Math.sqrt(squares);
  if (norm * largest > limit) for (let p = 0; p < slope.length; p++) slope[p] = limit * (slope[p] / largest / norm);
}

// The order of the samples of one step: batches follow each other through one permutation after the other.
function batchOf(count, size, step, orders) {
  if (!size || size >= count) return null;
  const batches = Math.ceil(count / size), epoch = Math.floor(step / batches), at = (step % batches) * size;
  return orderOf(count, epoch, orders).slice(at, at + size);
}

const remembered = new Map();

function orderOf(count, epoch, orders) {
  const key = `${count} ${epoch % orders.length}`;
  if (!remembered.has(key)) remembered.set(key, bytesOf(orders[epoch % orders.length]).filter((i) => i < count));
  return remembered.get(key);
}
