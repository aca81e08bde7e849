// The rows of the table in JavaScript: floats.py, powers.py and activations.py once more, where
// the comments give the reasons.  Each helper uses only those above it; an empty line ends it.
// One that is no row begins with _, as no name of a program does.

const abs = Math.abs;

const exp = Math.exp;

const expm1 = Math.expm1;

const sin = Math.sin;

const cos = Math.cos;

const tan = Math.tan;

const asin = Math.asin;

const acos = Math.acos;

const atan = Math.atan;

const sinh = (x) => abs(x) > 700 ? Math.sign(x) * (0.5 * exp(0.5 * abs(x))) * exp(0.5 * abs(x)) : Math.sinh(x);

const cosh = (x) => abs(x) > 700 ? 0.5 * exp(0.5 * abs(x)) * exp(0.5 * abs(x)) : Math.cosh(x);

const tanh = Math.tanh;

const sqrt = Math.sqrt;

const log = Math.log;

const log1p = Math.log1p;

const log_slope = (x) => x > 0 ? 1 / x : x === 0 ? Infinity : NaN;

const log1p_slope = (x) => log_slope(1 + x);

const asin_slope = (x) => abs(x) <= 1 ? 1 / sqrt((1 - x) * (1 + x)) : NaN;

const atan_slope = (x) => abs(x) < 1e100 ? 1 / (1 + x * x) : 1 / x / x;

const sign = (x) => x > 0 ? 1 : x < 0 ? -1 : x * 0;

const step = (x) => x > 0 ? 1 : x <= 0 ? 0 : NaN;

const maximum = (x, y) => x >= y || x !== x ? x : y;

const minimum = (x, y) => x <= y || x !== x ? x : y;

const larger = (x, y) => x > y ? 1 : x === y ? 0.5 : x < y ? 0 : NaN;

const where = (condition, x, y) => condition !== 0 ? x : y;

const lt = (x, y) => x < y ? 1 : 0;

const le = (x, y) => x <= y ? 1 : 0;

const gt = (x, y) => x > y ? 1 : 0;

const ge = (x, y) => x >= y ? 1 : 0;

const gated = (g, d) => g !== 0 && d !== 0 ? g * d : 0;

const div = (x, y) => x / y;

const div_slope = (x, y) => abs(x / y) < 1e-290 ? -(x * 2 ** 600 / y / y) * 2 ** -600 : -(x / y / y);

const pow = (x, y) => x === 1 || (x === -1 && abs(y) === Infinity) ? 1 : Math.pow(x, y);

const _frexp = (x) => {
  if (x === 0 || x - x !== 0) return [x, 0];
  let [m, e] = abs(x) < 1e-300 ? [x * 2 ** 200, -200] : [x, 0];
  const k = Math.floor(Math.log2(abs(m)));
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
  const direct = y - n + n === y || x === 0 || x - x !== 0;
  const exponent = direct ? y - n : y, divisors = direct ? [] : Array(n).fill(x);
  const power = pow(x, exponent);
  if (!(1e-290 < abs(power) && abs(power) < 1e290) && x - x === 0 && x !== 0) {
    const half = pow(abs(x), 0.5 * exponent);
    return _quotient([...factors, half, power < 0 ? -half : power === power ? half : NaN], divisors);
  }
  return _quotient([...factors, power], divisors);
};

const pow_dx = (x, y) => y === 0 ? 0 : _power_times(x, y, 1, y);

const pow_dy = (x, y) => {
  if (x === 0) return y >= 0 ? 0 : y < 0 ? -Infinity : NaN;
  return x === Infinity && y < 0 ? 0 : _power_times(x, y, 0, log(x));
};

const pow_dxx = (x, y) => y === 0 || y === 1 ? 0 : _power_times(x, y, 2, y, y - 1);

const pow_dxy = (x, y) => {
  if (x === 0 && y > 1) return 0;
  if (x === Infinity && y === y) return y < 1 ? 0 : Infinity;
  return _power_times(x, y, 1, y === 0 ? 1 : 1 + y * log(x));
};

const pow_dyy = (x, y) => (x === 0 && y >= 0) || (x === Infinity && y < 0) ? 0 : _power_times(x, y, 0, log(x), log(x));

const ratio = (x, y, z, n) =>
  0 <= n && n < 100 && n % 1 === 0 ? _quotient([x, y], Array(n).fill(z)) : x * y / pow(z, n);

const hypot = (...xs) => {
  if (xs.some((x) => abs(x) === Infinity)) return Infinity;
  const unit = Math.max(...xs.map(abs));
  return unit > 0 ? unit * sqrt(xs.reduce((total, x) => total + (x / unit) * (x / unit), 0)) : unit;
};

const hypot_slope = (x, ...others) => {
  if (!others.every(Number.isFinite)) return hypot(...others) === Infinity && Number.isFinite(x) ? 0 : NaN;
  if (x - x !== 0) return Math.sign(x);
  const unit = Math.max(abs(x), ...others.map(abs));
  return unit > 0 ? x / unit / hypot(x / unit, ...others.map((other) => other / unit)) : 0;
};

const sumprod = (...pq) => {
  const n = pq.length / 2;
  let total = pq[0] * pq[n];
  for (let i = 1; i < n; i++) total += pq[i] * pq[n + i];
  return total;
};

const fsum = (...xs) => {
  const special = xs.filter((x) => x - x !== 0);
  if (special.length) return special.reduce((a, b) => a + b);
  const unit = xs.some((x) => abs(x) > 1e300) ? 2 ** -60 : 1;
  const partials = []; // Shewchuk's: sums whose digits do not overlap, the smallest first
  for (let x of xs) {
    x *= unit;
    let kept = 0;
    for (let y of partials) {
      if (abs(x) < abs(y)) [x, y] = [y, x];
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

const sech2 = (x) => {
  const e = exp(-2 * abs(x));
  return 4 * e / (1 + e * (2 + e));
};

const sigmoid = (x) => x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));

const sigmoid_slope = (x) => {
  const e = exp(-abs(x));
  return e / (1 + e * (2 + e));
};

const relu = (x) => x > 0 || x !== x ? x : 0;

const leaky_relu = (x, slope) => x > 0 ? x : slope * x;

const leaky_relu_slope = (x, slope) => x > 0 ? 1 : x <= 0 ? slope : NaN;

const elu = (x, alpha) => x > 0 ? x : alpha * expm1(x);

const elu_slope = (x, alpha) => x > 0 ? 1 : x < -700 ? alpha * exp(0.5 * x) * exp(0.5 * x) : alpha * exp(x);

const softplus = (x) => (x > 0 ? x : 0) + log1p(exp(-abs(x)));

const silu = (x) => {
  if (x >= 0) return x / (1 + exp(-x));
  if (x < -700) return x > -Infinity ? x * exp(0.5 * x) * exp(0.5 * x) : -0;
  return x * exp(x) / (1 + exp(x));
};

const silu_slope = (x) => {
  if (x - x !== 0) return x > 0 ? 1 : x < 0 ? 0 : NaN;
  const e = exp(-abs(x)), below = 1 + e * (2 + e);
  if (x >= 0) return (1 + e + x * e) / below;
  if (x < -700) return (1 + x) * exp(0.5 * x) * exp(0.5 * x);
  const root = -1.2784645427610737, t = x - root + 1.0946994183093437e-16;
  return e * (abs(t) < 0.5 ? t - (1 + root) * expm1(t) : 1 + e + x) / below;
};

const _times_gaussian = (factor, x, k) => {
  if (!(abs(x) < 40)) return x === x ? 0 : NaN;
  const near = x + 1649267441664 - 1649267441664;
  factor += factor * expm1(-k * (x - near) * (x + near));
  if (k * near * near < 700) return factor * exp(-k * near * near);
  const half = exp(-0.5 * k * near * near);
  return factor * half * half;
};

const normal_density = (x) => _times_gaussian(0.3989422804014327, x, 0.5);

const erf_slope = (x) => _times_gaussian(1.1283791670955126, x, 1);

const _scaled_erfc = (x) => {
  // exp(x²)·_erfc(x) for x ≥ 0 by the Chebyshev series of Shepherd and Laframboise (1981).
  const c = [
    2.3551578691348034, -0.004590054580646478, -0.08424913336651792, 0.05920993999819189, -0.026658668435305753,
    0.009074997670705265, -0.002413163540417608, 0.0004907758365258086, -6.916973302501207e-05,
    4.13902798607301e-06, 7.74038306619849e-07, -2.1886401049234397e-07, 1.076499946567091e-08,
    4.521959811218287e-09, -7.754400208831351e-10, -6.318088340886684e-11, 2.86879501093067e-11,
    1.9455868545777347e-13, -9.65469674843344e-13, 3.25254814814874e-14, 3.3478119482868056e-14,
    -1.864562880419313e-15, -1.2507950530688648e-15, 7.418235256624044e-17, 5.068148904796111e-17,
    -2.2370566594359995e-18, -2.187342944303018e-18, 2.6766327399258762e-20
  ];
  const t = 2 * (x - 3.75) / (x + 3.75);
  let b = 0, above = 0;
  for (let i = c.length - 1; i > 0; i--) [b, above] = [t * b - above + c[i], b];
  return (0.5 * t * b - above + 0.5 * c[0]) / (1 + 2 * x);
};

const _erfc = (x) => {
  if (x !== x) return NaN;
  if (x < 0) return 2 - _erfc(-x);
  return x < 30 ? _times_gaussian(_scaled_erfc(x), x, 1) : 0;
};

const erf = (x) => {
  if (abs(x) > 0.5) return Math.sign(x) * (1 - _erfc(abs(x)));
  let total = x, term = x;
  for (let n = 1; n < 14; n++) total += (term *= -x * x / n) / (2 * n + 1);
  return x === 0 ? x : 1.1283791670955126 * total;
};

const _normal_tail = (x) => {
  const z = -x * 0.7071067811865476, big = 134217729 * x, high = big - (big - x), low = x - high;
  const c_high = 0.7071067690849304, c_low = 0.7071067811865476 - c_high;
  const error = high * c_high + z + high * c_low + low * c_high + low * c_low;
  return _erfc(z) + 1.1283791670955126 * exp(-z * z) * (error + x * -4.833646656726457e-17);
};

const _mills_series = (x) => {
  let total = 1, term = 1;
  for (let odd = 1; odd < 25; odd += 2) total += term *= -odd / (x * x);
  return total;
};

const gelu = (x) => {
  if (x < -20) return x > -40 ? _times_gaussian(-0.3989422804014327 * _mills_series(x), x, 0.5) : 0;
  return x > 9 ? x : 0.5 * x * _normal_tail(x);
};

const _around_root = [
  -2.5871508475507504e-14, -1.3820118240601054e-13, 5.482292964742324e-13, 3.725967039270117e-12,
  -9.950340824808053e-12, -8.950037692726252e-11, 1.4506418938779429e-10, 1.9031984050131394e-09,
  -1.3969420864262031e-09, -3.5459866461783865e-08, -1.6044265494246216e-09, 5.702764979242107e-07,
  4.3284506257392236e-07, -7.74846130700372e-06, -1.1214380188426636e-05, 8.61594786111657e-05,
  0.00018633974623233509, -0.0007448268386746815, -0.0022395380680734966, 0.004539228379125416,
  0.01942167983818906, -0.01477152214824434, -0.1140082332972217, -0.018199676398671077, 0.388284982990552,
  0.4314939923140469
];

const _around_minimum = [
  2.2685985892158684e-14, 7.338913321316225e-14, -4.683799857478135e-13, -2.4067651182769416e-12,
  7.524098815883139e-12, 6.339696503168626e-11, -7.233836739814063e-11, -1.3717742726658601e-09,
  -4.805934828765277e-10, 2.417147747472828e-08, 4.0906245956598285e-08, -3.3407661741269504e-07,
  -1.0680966213283685e-06, 3.2810431379549412e-06, 1.841719220808965e-05, -1.5184829417877852e-05,
  -0.00022546761392636464, -0.0001455978801326782, 0.0018737491203012957, 0.0036690665793434954,
  -0.00864807286292906, -0.034244621407205966, 2.7755575615628914e-17, 0.1467626631737399, 0.20755374871029728,
  -6.517571512431702e-17, -0.12890414518515478
];

const _polynomial = (coefficients, t) => coefficients.reduce((total, c) => total * t + c, 0);

const gelu_slope = (x) => {
  if (x < -20) return x > -40 ? _times_gaussian(0.3989422804014327 * (x - _mills_series(x) / x), x, 0.5) : 0;
  if (x > 40) return 1;
  if (-2.1 < x && x < -0.25) {
    if (x < -1.1) return _polynomial(_around_minimum, x + 1.4142135623730951);
    const t = x - -0.7517915246935645 - 1.4956759177009883e-17;
    return _polynomial(_around_root, t) * t;
  }
  return 0.5 * _normal_tail(x) + _times_gaussian(0.3989422804014327 * x, x, 0.5);
};

const _exp_difference = (x, m) => {
  if (x === m) return 1;
  const d = x - m, back = d - x;
  return d === -Infinity ? 0 : exp(d) * (1 + (x - (d - back) - (m + back)));
};

const _shifted = (xs) => {
  const m = Math.max(...xs);
  return xs.map((x) => m === -Infinity || m !== m ? NaN : _exp_difference(x, m));
};

const _rest_of = (terms) => {
  const ordered = [...terms].sort((a, b) => a - b);
  return fsum(...ordered.slice(0, -1));
};

const logsumexp = (...xs) => {
  const m = Math.max(...xs);
  if (m - m !== 0) return m;
  const result = m + log1p(_rest_of(_shifted(xs)));
  return m < 0 && abs(result) < 0.25 ? log1p(fsum(...xs.map(exp), -1)) : result;
};

const softmax = (x, ...others) => {
  const terms = _shifted([x, ...others]);
  return terms[0] / fsum(...terms);
};

const softmax_rest = (x, ...others) => {
  const terms = _shifted([x, ...others]);
  return fsum(...terms.slice(1)) / fsum(...terms);
};

const cross_entropy = (target, ...others) => {
  const m = Math.max(target, ...others);
  if (target - target !== 0 || m - m !== 0) {
    return target === -Infinity && m > -Infinity ? Infinity : logsumexp(target, ...others) - target;
  }
  if (m === target) return log1p(fsum(...others.map((x) => _exp_difference(x, m))));
  return m - target + log1p(_rest_of(_shifted([target, ...others])));
};
