// What JavaScript does by itself, and not by the texts of rows.py: powers to the edges of their range, which
// take looking and loops, as in powers.py; and sums over lists, fsum correctly rounded, as on floats.
// An empty line ends a helper.  One that is no row begins with _, as no name of a program does.

const pow = (x, y) => x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);

const _frexp = (x) => {
  if (x === 0 || x - x !== 0) return [x, 0];
  let [m, e] = Math.abs(x) < 1e-300 ? [x * 2 ** 200, -200] : [x, 0];
  const k = Math.floor(Math.log2(Math.abs(m)));
  m = m * 2 ** -Math.floor(k / 2) * 2 ** -Math.ceil(k / 2);
  return [m, e + k];
};

const _ldexp = (m, e) => {
  const part = Math.trunc(Math.max(-3000, Math.min(3000, e)) / 3);
  return m * 2 ** part * 2 ** part * 2 ** (Math.max(-3000, Math.min(3000, e)) - 2 * part);
};

const _quotient = (above, below) => {
  let mantissa = 1, exponent = 0;
  for (const x of above) {
    const [m, e] = _frexp(x);
    mantissa *= m;
    exponent += e;
  }
  for (const x of below) {
    const [m, e] = _frexp(x);
    mantissa /= m;
    exponent -= e;
  }
  return _ldexp(mantissa, exponent);
};

const _power_times = (x, y, n, ...factors) => {
  const below = y - n, direct = (below + n === y && y - below === n) || x === 0 || x - x !== 0;
  const exponent = direct ? below : y, divisors = direct ? [] : Array(n).fill(x);
  const power = pow(x, exponent);
  if (!(1e-290 < Math.abs(power) && Math.abs(power) < 1e290) && x - x === 0 && x !== 0) {
    const half = pow(Math.abs(x), 0.5 * exponent);
    return _quotient([...factors, half, power < 0 ? -half : power === power ? half : NaN], divisors);
  }
  return _quotient([...factors, power], divisors);
};

const pow_dx = (x, y) => y === 0 && (x === 0 || x - x !== 0) ? 0 : _power_times(x, y, 1, y);

const pow_dy = (x, y) => {
  if (x === 0) return y >= 0 ? 0 : y < 0 ? -Infinity : NaN;
  return x === Infinity && y < 0 ? 0 : _power_times(x, y, 0, Math.log(x));
};

const pow_dxx = (x, y) => y === 0 || y === 1 ? 0 : _power_times(x, y, 2, y, y - 1);

const pow_dxy = (x, y) => {
  if (x === 0 && y > 1) return 0;
  if (x === Infinity && y === y) return y < 1 ? 0 : Infinity;
  const rest = y === 0 ? 1 : 1 + y * Math.log(x);
  return rest - rest === 0 ? _power_times(x, y, 1, rest) : _power_times(x, y, 1, y, Math.log(x));
};

const pow_dyy = (x, y) => (x === 0 && y >= 0) || (x === Infinity && y < 0) ? 0 : _power_times(x, y, 0, Math.log(x), Math.log(x));

const ratio = (x, y, z, n) =>
  0 <= n && n < 100 && n % 1 === 0 ? _quotient([x, y], Array(n).fill(z)) : x * y / pow(z, n);

const sumprod = (...pq) => {
  const n = pq.length / 2;
  let total = pq[0] * pq[n];
  for (let i = 1; i < n; i++) total += pq[i] * pq[n + i];
  return total;
};

const fsum = (...xs) => {
  const special = xs.filter((x) => x - x !== 0);
  if (special.length) return special.reduce((a, b) => a + b);
  const unit = xs.some((x) => Math.abs(x) > 1e300) ? 2 ** -60 : 1;
  const partials = []; // Shewchuk's: sums whose digits do not overlap, the smallest first
  for (let x of xs) {
    x *= unit;
    let kept = 0;
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y, low = y - (high - x);
      if (low !== 0) partials[kept++] = low;
      x = high;
    }
    partials.length = kept;
    partials.push(x);
  }
  let total = partials.pop() ?? 0, low = 0;
  while (partials.length && low === 0) {
    const x = total, y = partials.pop();
    total = x + y;
    low = y - (total - x);
  }
  const below = partials.length ? partials[partials.length - 1] : 0;
  if ((low < 0 && below < 0) || (low > 0 && below > 0)) { // half way, and more below
    const nudged = total + 2 * low;
    if (2 * low === nudged - total) total = nudged;
  }
  return total / unit + 0;
};

const take = (...operands) => {
  const index = operands.pop();
  return index >= 0 && index < operands.length && index % 1 === 0 ? operands[index] : NaN;
};

const _leaf = (x, path, shape) => {
  const list = (x) => Array.isArray(x) || ArrayBuffer.isView(x);
  const fits = (x, [n, ...rest]) => n === undefined ? typeof x === "number"
    : list(x) && x.length === n && Array.from(x).every((y) => fits(y, rest));
  const flat = (x) => list(x) ? Array.from(x).flatMap(flat) : [x];
  if (fits(x, shape) || (shape.length > 1 && fits(x, [shape.reduce((n, m) => n * m)]))) return flat(x);
  const takes = shape.length ? `numbers in the shape (${shape})` : "a number";
  throw new TypeError(`the input ${path} takes ${takes}, and was given ${String(x).slice(0, 60)}`);
};
