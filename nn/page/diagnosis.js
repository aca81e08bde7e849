// What the δ row says, in the words of nn/diagnosing: |δ| of every layer at every sample, from the last
// layer's ∂Err/∂ŷ to the first.

const FAR = 2; // powers of ten that |δ| may change by

const lengthOf = (numbers) => Math.sqrt(numbers.reduce((total, x) => total + x * x, 0));

function logLength(numbers) { // log₁₀ of a length, also where its square is no float
  let largest = 0;
  for (const x of numbers) largest = Math.max(largest, Math.abs(x));
  if (!Number.isFinite(largest)) return NaN;
  return largest ? Math.log10(largest) + Math.log10(lengthOf(Array.from(numbers, (x) => x / largest))) : -Infinity;
}

// One sample, after backward: log|∂Err/∂ŷ|, log|δ| of each layer, and whether a 0 in σ′ or θ stopped it.
function readSample(network) {
  const { layers } = network, wrong = logLength(network.last.g);
  const sizes = layers.map(({ delta }) => logLength(delta));
  const finite = [network.err, ...network.x, ...network.slope, ...layers.flatMap(({ u, o, g }) => [...u, ...o, ...g])];
  let blocked = false;
  if (sizes[0] === -Infinity) {
    const end = sizes.lastIndexOf(-Infinity);
    blocked = !passes(network, end);
  }
  return { wrong, sizes, blocked, finite: finite.every(Number.isFinite) };
}

function passes(network, k) { // whether any δ could come into layer k
  const { layers } = network, { m, g } = layers[k], next = layers[k + 1];
  for (let i = 0; i < m; i++) {
    let open = g[i] !== 0;
    if (next) {
      open = false;
      for (let j = 0; j < next.m; j++) open ||= next.delta[j] !== 0 && next.theta[j * (next.n + 1) + i] !== 0;
    }
    if (open && network.slopeAt(k, i) !== 0) return true;
  }
  return false;
}

const mean = (numbers) => numbers.reduce((total, x) => total + x, 0) / numbers.length;

function verdictOf(readings) {
  if (readings.some((r) => !r.finite)) return { word: "not finite", change: NaN };
  const wrong = readings.filter((r) => r.wrong > -Infinity);
  const lost = wrong.filter((r) => r.sizes[0] === -Infinity);
  const through = wrong.filter((r) => r.sizes[0] > -Infinity);
  const change = through.length ? mean(through.map((r) => r.sizes[0] - r.wrong)) : -Infinity;
  if (!wrong.length) return { word: "nothing to learn", change: 0 };
  if (2 * lost.length > wrong.length) {
    const blocked = lost.filter((r) => r.blocked).length;
    return { word: 2 * blocked >= lost.length ? "dead" : "vanishing", change };
  }
  return { word: change <= -FAR ? "vanishing" : change >= FAR ? "exploding" : "healthy", change };
}

// Err, the samples that are right, √mean δ² of each layer, and the verdict, over all samples.
function measured(network, samples, code) {
  const readings = [], squares = network.layers.map(() => 0);
  let err = 0, right = 0, wrong = 0;
  for (const { x, y, c } of samples) {
    right += decided(network.forward(x), code) === c;
    err += network.backward(y);
    readings.push(readSample(network));
    network.layers.forEach(({ delta, m }, k) => { for (const d of delta) squares[k] += (d * d) / m; });
    for (const g of network.last.g) wrong += (g * g) / network.outputs;
  }
  const root = (total) => Math.sqrt(total / samples.length);
  return { err: err / samples.length, right, sizes: squares.map(root), wrong: root(wrong), ...verdictOf(readings) };
}
