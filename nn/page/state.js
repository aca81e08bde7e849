// What the page is about: settings, points, a network and its training, and how all of it is kept, undone and sent.

const MOST_STEPS = 20000; // that a link trains again
const KEPT = 1500; // points of a curve

class Curve { // Err, step by step; of a long training every 2nd, 4th, … step
  constructor() {
    Object.assign(this, { numbers: [], stride: 1, count: 0 });
  }
  add(x) {
    if (this.count++ % this.stride) return;
    this.numbers.push(x);
    if (this.numbers.length < 2 * KEPT) return;
    this.numbers = this.numbers.filter((_, i) => i % 2 === 0);
    this.stride *= 2;
  }
  copy() {
    return Object.assign(new Curve(), { ...this, numbers: [...this.numbers] });
  }
}

const state = {
  settings: null, points: [], edited: new Set(), moved: false, // θ and points that the reader changed
  samples: [], kept: [], held: [], code: null, // to train on, and held out
  network: null, training: null, history: new Curve(), own: null, pure: true, // pure: replaying the steps leads here
  loaded: null, table: null, // a Model's columns, scales and classes: those of a file, and those in force
  chosen: 0, event: 0, running: false, opened: null, measure: null, diverged: false,
  rule: { kind: "hidden", text: RULES.hidden.first }, undo: [], last: "",
};

// --- what the settings mean ------------------------------------------------------------------------------------------

const classesOf = ({ data }) => (data === "given" ? told.given.classes : data === "own" ? state.pasted.count : 1 + Math.max(...pointsOf(data).classes));
const pointsOf = (data) => (data === "own" ? state.pasted : told.datasets[data]);
const tableOf = ({ data }) => (data === "given" ? told.given.table : pointsOf(data).table) ?? null;
const inputsOf = ({ data }) => (data === "given" ? told.given.inputs : data === "own" ? state.pasted.inputs : 2);

function outputsOf(settings) {
  const classes = classesOf(settings);
  if (settings.data === "given") return told.given.outputs;
  return classes > 2 || settings.loss === "cross_entropy" ? classes : 1;
}

const sizesOf = (settings) => [inputsOf(settings), ...settings.hidden, outputsOf(settings)];

// Logits go out of a linear layer; a loss of classes needs classes.
const takesLogits = (loss) => told.losses[loss]?.outputs === "logits";
const outputsAllowed = ({ loss }) => (takesLogits(loss) ? ["linear"] : Object.keys(engine.SIGMA));

function lossesAllowed(settings) {
  const fixed = settings.data === "given", names = Object.keys(told.losses).filter((name) => name in LOSSES);
  if (fixed) return names.filter((name) => told.given.losses.includes(name));
  if (!classesOf(settings)) return names.filter((name) => told.losses[name].targets === "numbers" && name !== "mean_squared_error");
  return names.filter((name) => name !== "mean_squared_error" || classesOf(settings) > 2);
}

function fitted(settings) { // settings in which loss, last layer and data go together
  const found = { ...settings };
  if (!lossesAllowed(found).includes(found.loss)) found.loss = lossesAllowed(found)[0];
  const allowed = outputsAllowed(found);
  if (!allowed.includes(found.output)) found.output = allowed[0];
  else if (takesLogits(settings.before) && !takesLogits(found.loss) && found.loss !== "hinge") found.output = "tanh";
  delete found.before;
  if (found.axes.some((l) => l >= inputsOf(found))) found.axes = [0, 1];
  const sigmas = sigmasOf(found); // one name where all hidden layers have the same
  found.sigma = sigmas.some((sigma) => sigma !== sigmas[0]) ? sigmas : [sigmas[0] ?? found.sigma].flat()[0];
  return found;
}

// σ of each hidden layer; a layer more has that of the last.
const sigmasOf = ({ sigma, hidden }) => hidden.map((_, k) => (Array.isArray(sigma) ? sigma[k] ?? sigma.at(-1) : sigma));

// --- samples ------------------------------------------------------------------------------------------------------------

function placed({ data }) { // the points as they are delivered
  if (data === "given") {
    const { inputs, labels } = told.given, [places, targets] = [told.given.places, told.given.targets].map(numbersOf), count = places.length / inputs;
    const row = (numbers, width, i) => [...numbers.slice(i * width, (i + 1) * width)];
    return Array.from({ length: count }, (_, i) => ({
      place: row(places, inputs, i), noise: Array(inputs).fill(0), y: row(targets, targets.length / count, i), ...(labels.length ? { c: labels[i] } : {}),
    }));
  }
  const { places, noise, classes, targets, points } = pointsOf(data);
  if (points) return structuredClone(points); // they came with a moment
  return places.map((place, i) => ({ place: [...place], noise: [...noise[i]], ...(targets ? { y: [...targets[i]] } : { c: classes[i] }) }));
}

const where = (point, noise) => point.place.map((x, d) => x + noise * point.noise[d]);

function resample() {
  const { settings, points } = state, outputs = outputsOf(settings);
  state.table = state.loaded ?? tableOf(settings);
  const { code, target: { loss } = {} } = state.loaded ?? {}, ruled = code?.output === settings.output && loss === settings.loss;
  state.code = { ...coding(settings.loss, settings.output, outputs), ...(settings.data === "given" ? told.given.code : {}), ...(ruled ? code : {}) };
  state.samples = points.map((point) => ({
    x: Float64Array.from(where(point, settings.noise)), c: point.c, y: point.y ? Float64Array.from(point.y) : target(point.c, outputs, state.code),
  }));
  const held = Math.round(settings.held * points.length), order = held ? orderOf(points.length, 0, told.orders) : [];
  const out = new Set(order.slice(0, held));
  state.kept = state.samples.filter((_, i) => !out.has(i));
  state.held = state.samples.filter((_, i) => out.has(i));
  state.chosen = Math.min(state.chosen, points.length - 1);
}

// --- networks -------------------------------------------------------------------------------------------------------------

const asGiven = (settings) => told.given && JSON.stringify(told.given.shape) === JSON.stringify(shapeOf(settings));
const shapeOf = (settings) => ({ sizes: sizesOf(settings), sigmas: [...sigmasOf(settings), settings.output] });

function fresh(settings) {
  const { sizes, sigmas } = shapeOf(settings);
  return new Network(sizes, sigmas, settings.loss, told.given ? told.given.biased : true);
}

const firstTheta = (network, settings) =>
  asGiven(settings) && settings.seed === 0 ? numbersOf(told.given.theta) : drawn(network, settings.initializer, told, settings.seed || 1);

// A network of the settings with its first θ; those that the reader wrote stay where their neurons are.
function rebuild(keep = true) {
  const { settings, network: old } = state, network = fresh(settings);
  network.theta.set(firstTheta(network, settings));
  if (!keep) state.edited.clear();
  for (const key of state.edited) {
    const [k, i, l] = key.split(" ").map(Number), [a, b] = [old.layers[k], network.layers[k]];
    if (b && i < b.m && l <= b.n && a.n === b.n) network.theta[network.place(k, i, l)] = old.theta[old.place(k, i, l)];
    else state.edited.delete(key);
  }
  state.network = network;
  begin();
}

function begin() { // training from the θ that are there
  state.training = new Training(state.network);
  Object.assign(state, { history: new Curve(), event: 0, diverged: false, pure: state.edited.size === 0 && !state.moved });
  if (state.own) startOwn();
}

// --- training ----------------------------------------------------------------------------------------------------------------

const optimizing = ({ rate, optimizer, clip }) => ({ rate, optimizer, clip });

function trainStep() {
  const { settings, training, kept, history } = state;
  const order = batchOf(kept.length, settings.batch, training.steps, told.orders);
  const err = training.step(kept, optimizing(settings), order);
  history.add(err);
  if (state.own) ownStep(order);
  if (!Number.isFinite(err) || !Number.isFinite(training.total[0])) state.diverged = true;
}

function startOwn() { // beside the true one, from the same θ; with nothing but the rule changed
  const { rule, kind } = state.own, network = fresh(state.settings);
  network.theta.set(state.network.theta);
  state.own = { rule, kind, network, training: new Training(network, hookOf(kind, rule)), history: new Curve() };
}

function ownStep(order) {
  const { own, settings, kept } = state, { network, training } = own;
  if (own.kind !== "update") {
    own.history.add(training.step(kept, optimizing(settings), order));
    return;
  }
  const theta = Float64Array.from(network.theta);
  own.history.add(training.step(kept, optimizing(settings), order));
  network.theta.set(theta); // the gradient of that step, moved along by the learner's rule
  movedBy(own.rule, network.theta, training.total, settings.rate);
}

function look() { // forward and backward of the chosen sample, whose numbers are shown
  const { x, y } = state.samples[state.chosen];
  state.network.forward(x);
  state.network.backward(y);
}

function measure() {
  const { network, kept, held, code } = state;
  state.measure = measured(network, kept, code);
  state.outside = held.length ? measured(network, held, code) : null;
}

// --- undo ------------------------------------------------------------------------------------------------------------------------

const copied = (memory) => Object.fromEntries(Object.entries(memory).map(([key, numbers]) => [key, Float64Array.from(numbers)]));

function snapshot() {
  const { settings, points, edited, moved, network, training, history, chosen, pure, diverged, loaded, pasted } = state;
  return {
    loaded, pasted, settings: structuredClone(settings), points: structuredClone(points), edited: new Set(edited), moved, chosen, pure, diverged,
    theta: Float64Array.from(network.theta), memory: copied(training.memory), steps: training.steps, history: history.copy(),
  };
}

// To be called before a change; changes of one kind that follow each other are one.
function remember(what, again = false) {
  if (again && state.last === what) return;
  state.last = what;
  state.undo.push(snapshot());
  if (state.undo.length > 60) state.undo.shift();
}

function undone() {
  const before = state.undo.pop();
  if (!before) return false;
  const { theta, memory, steps, history, ...rest } = before;
  Object.assign(state, rest, { last: "", event: 0 });
  resample();
  state.network = fresh(state.settings);
  state.network.theta.set(theta);
  state.training = new Training(state.network);
  Object.assign(state.training, { memory, steps });
  state.history = history;
  if (state.own) startOwn();
  return true;
}

// --- a moment as text: for a link, and for a file ------------------------------------------------------------------------------------

const asSent = ({ place, noise, c, y }) => [place, noise, c, y];

// Points that are as they were delivered are sent as "first-last", the others as they are: a link stays short.
function sentPoints(points, settings) {
  const known = new Map(settings.data === "own" ? [] : placed(settings).map((point, i) => [JSON.stringify(asSent(point)), i])), found = [];
  for (const point of points) {
    const i = known.get(JSON.stringify(asSent(point))), run = i === undefined ? null : found.at(-1);
    if (i === undefined) found.push(asSent(point));
    else if (run && !Array.isArray(run) && run.last + 1 === i) run.last = i;
    else found.push({ first: i, last: i });
  }
  return found.map((each) => (Array.isArray(each) ? each : `${each.first}-${each.last}`));
}

function pointsOfRun(run, settings) {
  const [first, last] = run.split("-").map(Number), known = placed(settings);
  return isWhole(first, 0, known.length - 1) && isWhole(last, first, known.length - 1) ? known.slice(first, last + 1).map(asSent) : [null];
}

function momentOf() {
  const { settings, points, moved, network, training, pure, rule, chosen, event, loaded, table } = state;
  const replay = pure && training.steps <= MOST_STEPS;
  return {
    v: 1, settings, rule, chosen, event, steps: training.steps,
    ...(moved || settings.data === "own" ? { points: sentPoints(points, settings) } : {}),
    ...(loaded || (table && settings.data === "own") ? { table } : {}),
    ...(replay ? {} : { theta: [...network.theta] }),
  };
}

const isNumbers = (x, n) => Array.isArray(x) && x.length === n && x.every(Number.isFinite);
const isWhole = (x, least, most) => Number.isInteger(x) && x >= least && x <= most;

// Settings that are known here, whatever was sent: each one of its choices, or the page's own.
function checkedSettings(sent) {
  const found = { ...told.settings }, is = (key, allowed) => { if (allowed.includes(sent?.[key])) found[key] = sent[key]; };
  if (Array.isArray(sent?.sigma) && sent.sigma.length && sent.sigma.every(isSigma)) found.sigma = [...sent.sigma];
  else is("sigma", Object.keys(engine.SIGMA));
  is("output", Object.keys(engine.SIGMA));
  is("data", [...Object.keys(told.datasets), ...(told.given ? ["given"] : []), ...(state.pasted ? ["own"] : [])]);
  is("loss", Object.keys(told.losses));
  is("seed", [...(told.given ? [0] : []), ...Object.keys(told.streams).map(Number)]);
  is("optimizer", Object.keys(engine.UPDATE));
  is("initializer", ["", ...Object.keys(told.scales)]);
  for (const key of ["noise", "rate", "speed", "batch", "held", "clip"]) is(key, CHOICES[key].map(([value]) => value));
  const { hidden, axes } = sent ?? {};
  if (Array.isArray(axes) && axes.length === 2 && axes[0] !== axes[1] && axes.every((l) => isWhole(l, 0, told.widest - 1))) found.axes = [...axes];
  if (Array.isArray(hidden) && hidden.length <= told.deepest && hidden.every((m) => isWhole(m, 1, told.widest))) found.hidden = [...hidden];
  return fitted(found);
}

function checkedPoints(sent, settings) {
  const inputs = inputsOf(settings), classes = classesOf(settings);
  const all = Array.isArray(sent) && sent.length <= 400 ? sent.flatMap((p) => (typeof p === "string" ? pointsOfRun(p, settings) : [p])) : [];
  const good = all.length > 1 && all.length <= 400 && all.every(
    (p) => Array.isArray(p) && isNumbers(p[0], inputs) && isNumbers(p[1], inputs)
      && (p[3] ? isNumbers(p[3], outputsOf(settings)) : isWhole(p[2], 0, classes - 1)));
  return good ? all.map(([place, noise, c, y]) => ({ place, noise, c, ...(y ? { y } : {}) })) : null;
}

function restore(moment) { // Throws where it is no moment of this page's
  if (moment?.v !== 1) throw new Error("This is no moment of the playground");
  const table = moment.table === undefined ? null : checkedTable(moment.table), own = moment.settings?.data === "own", pasted = own && Array.isArray(moment.points);
  if (pasted) pasteBack(moment.points, table);
  state.settings = checkedSettings(moment.settings);
  state.loaded = table && !own && inputNames(table).length === inputsOf(state.settings) ? table : null;
  const points = checkedPoints(moment.points, state.settings);
  if (pasted && !points) throw new Error("The points of this moment are none that fit here.");
  if (pasted) state.pasted.points = structuredClone(points);
  state.points = points ?? placed(state.settings);
  state.moved = points !== null;
  resample();
  rebuild(false);
  const steps = isWhole(moment.steps, 0, 1e12) ? moment.steps : 0;
  if (isNumbers(moment.theta, state.network.theta.length)) {
    state.network.theta.set(moment.theta);
    state.training.steps = state.history.count = steps;
    state.pure = false;
  } else for (let k = 0; k < Math.min(steps, MOST_STEPS); k++) trainStep();
  state.chosen = isWhole(moment.chosen, 0, state.points.length - 1) ? moment.chosen : 0;
  state.event = isWhole(moment.event, 0, eventsOf(state.network).length) ? moment.event : 0;
  const { kind, text } = moment.rule ?? {};
  if (Object.hasOwn(RULES, kind ?? "") && typeof text === "string") state.rule = { kind, text: text.slice(0, 200) };
}

// What was pasted is known of a moment by its points and its table.
function pasteBack(points, table) {
  const inputs = table ? inputNames(table).length : Array.isArray(points[0]?.[0]) ? points[0][0].length : 0;
  if (!isWhole(inputs, 2, told.widest)) throw new Error(`The moment has points of ${inputs} inputs: 2 to ${told.widest} fit here.`);
  const classes = points.map((p) => p?.[2]).filter((c) => isWhole(c, 0, 2)), numbers = table ? !table.target.classes : !classes.length;
  const count = numbers ? 0 : Math.max(2, table?.target.classes.length ?? 0, ...classes.map((c) => c + 1));
  state.pasted = { title: "your points", inputs, count, points: [], ...(table ? { table } : {}) };
}

// What the settings may be; a Map would say the same: value, and how it is written.
const CHOICES = {
  noise: [0, 0.05, 0.1, 0.2, 0.3].map((x) => [x, x.toFixed(2)]),
  rate: [0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.3, 1, 3].map((x) => [x, String(x)]),
  speed: [[1, "slowly"], [4, "at ease"], [40, "fast"], [100000, "as fast as it can"]],
  batch: [[0, "all samples"], [1, "1 sample"], [4, "4 samples"], [8, "8 samples"], [16, "16 samples"]],
  held: [[0, "none"], [0.2, "a fifth"], [0.5, "half"]],
  clip: [[0, "never"], [0.1, "at 0.1"], [1, "at 1"], [5, "at 5"]],
};
