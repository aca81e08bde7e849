// The strip above the network, its sentence of settings, and all that is written anew for a moment.

// --- one event: a sentence, a formula, its numbers ----------------------------------------------------------------

const INTRO = {
  say: "Press Train and watch. Or step through the ringed sample, event by event:", general: "", intro: true,
  terms: [
    term("uᵢ = Σₗ θᵢₗ · oₗ ,  oᵢ = σ(uᵢ)", "forward →"), term("δᵢ = σ′(uᵢ) · Σⱼ δⱼ · θⱼᵢ", "← backward"), term("θᵢₗ ← θᵢₗ − η · δᵢ · oₗ", "update"),
  ],
};

function roomForTerms() {
  return onPhone() ? 4 : Math.max(3, Math.min(6, Math.floor(($("formula").clientWidth - 170) / (140 * rem() / 16))));
}

function told_now() { // what the strip says
  const { network, settings, training, running, diverged } = state, event = current();
  if (diverged) return { say: "Err is no finite number any more: the steps were too long. Undo, and take a smaller η.", general: "", terms: [] };
  if (event) return toldOf(event, network, state.samples[state.chosen].y, settings.rate, roomForTerms());
  if (!training.steps || !training.total.some(Boolean)) return running || training.steps ? { say: paused(), general: "", terms: [] } : INTRO;
  return { say: running ? "Every step: all samples forward and backward, then every θ moves a little against its gradient. The one that moves most:" : paused(), ...moved() };
}

const paused = () => "Paused. Step through the ringed sample with ◂ ▸, drag a point or a θ, or train on.";

function moved() {
  const { network, training, settings } = state, { g, at, name } = steepest(network, training.total);
  const after = network.theta[at];
  if (settings.optimizer === "sgd") return { general: "θᵢₗ ← θᵢₗ − η · δᵢ · oₗ", terms: updateTerms(name, after + settings.rate * g, g, settings.rate, after) };
  return {
    general: settings.optimizer === "adam" ? "θ ← θ − η · m / (√v + ε) ,  m and v: means of the gradient and of its square" : "θ ← θ − η · v ,  v ← 0.9 · v + ∂Err/∂θ",
    terms: [term(name, short(after)), sign("after"), term(`∂Err/∂${name}`, short(g), g)],
  };
}

function drawStrip() {
  const { event, running, history } = state, now = current(), said = told_now(), count = graph.events.length;
  write($("moment"), now ? `event ${event} of ${count}` : "one sample");
  write($("phase"), now ? phaseOf(now) : running ? "ringed, live" : "ringed");
  $("back").disabled = !event;
  Object.assign($("position"), { max: count, value: event });
  $("position").setAttribute("aria-valuetext", `${$("moment").textContent}, ${$("phase").textContent}`);
  write($("say"), said.say);
  rich($("general"), said.general);
  const terms = $("terms");
  terms.classList.toggle("intro", said.intro === true);
  terms.replaceChildren(...said.terms.map(({ symbol, number, sign: small, gradient }) => {
    const box = make("div", small ? "term sign" : "term"), below = make("span", "number", small && (said.intro || !number) ? "" : number);
    if (gradient !== undefined) {
      below.classList.add("chip");
      paint(below, gradient);
    }
    box.append(rich(make("span", "symbol"), symbol), below);
    return box;
  }));
  if (!running) write($("aloud"), now || history.count ? [`${$("moment").textContent}.`, said.say, inWords(said.terms)].join(" ") : "");
}

const inWords = (terms) => terms.map(({ symbol, number, sign: small }) => (small ? number : `${symbol} ${number}`)).join(" ");

// --- everything ---------------------------------------------------------------------------------------------------------

function drawErr() {
  const { measure, outside, training, kept, held, network, settings } = state, decides = classesOf(settings) > 0;
  const err = measure.err, text = Number.isFinite(err) ? (err && err < 1e-3 ? err.toExponential(2).replace("-", "−").replace(/e(.*)/, (_, e) => `×10${superscript(e.replace("−", "-"))}`) : err.toPrecision(3)) : short(err);
  write($("err"), text);
  const right = decides ? ` · ${measure.right} of ${kept.length} right` : "";
  const out = held.length ? ` · held out: ${decides ? `${outside.right} of ${held.length}` : short(outside.err)}` : "";
  write($("count"), `step ${training.steps}${right}${out}`);
  write($("plotted"), network.outputs > 1 ? "the likeliest class" : `${decides ? "ŷ" : targetCalled() || "ŷ"} over the plane`);
  $("curve").setAttribute("aria-label", `Err over the steps: ${text} after ${training.steps}`);
  const { x, c } = state.samples[state.chosen], at = Array.from(x, (v, l) => (inUnit(v, l) === null ? short(v) : `${calledInput(l)} ${plainly(inUnit(v, l))}`)).join(", ");
  $("plane").setAttribute("aria-label", `The samples. Chosen: ${state.chosen + 1} of ${state.samples.length}, at ${at}${c === undefined ? "" : `, ${className(c)}`}`);
}

function render() { // all of it, for the moment as it is
  measure();
  look();
  drawCards();
  drawStrip();
  drawSizes();
  drawMaps();
  drawPlane();
  drawCurve();
  drawErr();
  drawLegend();
  drawSheet();
  if (!state.running) drawVerdict();
  const { running, training, diverged } = state, run = $("run");
  write(run.lastElementChild, running ? "Pause" : training.steps ? "Train on" : "Train");
  run.querySelector("path").setAttribute("d", running ? "M6 4h4v16H6zM14 4h4v16h-4z" : "M6 3v18l15-9z");
  run.disabled = diverged;
  $("step").disabled = diverged;
  $("undo").disabled = !state.undo.length;
}

function drawVerdict() {
  const { rule, network, settings, samples, chosen } = state, y = samples[chosen].y;
  const found = judged(rule.kind, rule.text, network, y, settings.rate), place = $("verdict");
  graph.rule = found.rule ?? null;
  const name = rich(make("b"), found.mark ?? ""), rest = rich(make("span"), found.says);
  if (place.textContent !== name.textContent + rest.textContent) place.replaceChildren(name, rest);
  place.title = place.textContent;
  $("use").disabled = !found.rule && !state.own;
}

// --- settings as one sentence --------------------------------------------------------------------------------------------

const hiddenText = (hidden) => (hidden.length ? hidden.join("–") : "no");
const HIDDEN = [[], [2], [3], [4], [8], [4, 3], [4, 4], [8, 8], [3, 3, 3], [3, 3, 3, 3], [8, 8, 8, 8, 8]];

// A bold word that is a select; again: whether it may change while the network trains.
function word(id, label, choices, value, change) {
  const found = make("select");
  found.id = id;
  found.setAttribute("aria-label", label);
  for (const [key, text] of choices) {
    const option = make("option", "", text);
    option.value = JSON.stringify(key);
    option.selected = JSON.stringify(key) === JSON.stringify(value);
    found.append(option);
  }
  found.addEventListener("change", () => change(JSON.parse(found.value)));
  return found;
}

const alike = (names) => names.map((name) => [name, name]); // choices that are written as they are called
const withOwn = (choices, value, text) => // a value that is none of the choices is one more
  choices.some(([key]) => JSON.stringify(key) === JSON.stringify(value)) ? choices : [...choices, [value, text(value)]];

function drawSentence() {
  const { settings: s, network } = state, mixed = (sigma) => [sigma].flat().join(", "), sigmas = alike(Object.keys(engine.SIGMA));
  const seeds = [...(told.given ? [[0, "as given"]] : []), ...Object.keys(told.streams).map((seed) => [Number(seed), seed])];
  const data = [...(told.given ? [["given", cutTo(targetOf(told.given.table) || told.given.title, 24)]] : []), ...(state.pasted ? [["own", cutTo(targetOf(state.pasted.table) || state.pasted.title, 24)]] : []),
    ...Object.entries(told.datasets).map(([name, { title }]) => [name, title])];
  const layers = withOwn(HIDDEN.map((hidden) => [hidden, hiddenText(hidden)]), s.hidden, hiddenText);
  const noisy = s.data !== "given" && s.data !== "own";
  $("sentence").replaceChildren(
    ...(s.hidden.length ? [`A ${network.sizes[0]}–`, word("hidden", "Hidden layers", layers, s.hidden, (v) => change({ hidden: v })), `–${network.outputs} network of `,
      word("sigma", "σ of the hidden layers", withOwn(sigmas, s.sigma, mixed), s.sigma, (v) => change({ sigma: v })), " neurons learns "]
      : [`A ${network.sizes[0]}–${network.outputs} network with `, word("hidden", "Hidden layers", layers, s.hidden, (v) => change({ hidden: v })), " hidden layer learns "]),
    word("data", "Data", data, s.data, (v) => change({ data: v })),
    ...(noisy ? [" with noise ", word("noise", "Noise", CHOICES.noise, s.noise, (v) => adjust({ noise: v }))] : []), ", η = ",
    word("rate", "Learning rate η", withOwn(CHOICES.rate, s.rate, String), s.rate, (v) => adjust({ rate: v })), ", seed ",
    word("seed", "Seed of the first θ", seeds, s.seed, (v) => change({ seed: v })), ", ",
    word("speed", "Speed", CHOICES.speed, s.speed, (v) => adjust({ speed: v })), " ", moreButton(), ".",
  );
}

function moreButton() {
  const button = make("button", "", "… more");
  Object.assign(button, { id: "open-more", type: "button" });
  button.setAttribute("aria-label", "More settings");
  button.setAttribute("aria-controls", "more");
  button.setAttribute("aria-expanded", String(!$("more").hidden));
  button.addEventListener("click", () => toggle($("more"), button));
  return button;
}

function drawMore() {
  const { settings: s, network } = state, clause = (...parts) => {
    const p = make("p", "clause");
    p.append(...parts);
    return p;
  };
  const losses = lossesAllowed(s).map((name) => [name, LOSSES[name].title]), sigmas = alike(outputsAllowed(s));
  const layers = Array.from({ length: told.deepest + 1 }, (_, n) => [n, String(n)]), wide = Array.from({ length: told.widest }, (_, n) => [n + 1, String(n + 1)]);
  const resized = (n) => [...s.hidden, ...Array(told.deepest).fill(s.hidden.at(-1) ?? 4)].slice(0, n);
  const every = alike(Object.keys(engine.SIGMA)), hiddenSigmas = sigmasOf(s), put = (list, k, v) => list.map((old, j) => (j === k ? v : old));
  const neurons = s.hidden.flatMap((m, k) => [k ? ", " : "", word(`width-${k}`, `Neurons of layer ${k + 1}`, wide, m, (v) => change({ hidden: put(s.hidden, k, v) })),
    " × ", word(`sigma-${k}`, `σ of layer ${k + 1}`, every, hiddenSigmas[k], (v) => change({ sigma: put(hiddenSigmas, k, v) }))]);
  const drawer = [...new Set(hiddenSigmas.concat(s.output).map((sigma) => told.sigmas[sigma].initializer))].join(", ");
  $("more").replaceChildren(
    clause("It has ", word("depth", "Number of hidden layers", layers, s.hidden.length, (n) => change({ hidden: resized(n) })), " hidden layers",
      ...(neurons.length ? [": ", ...neurons] : []), "."),
    clause("Its last layer is ", word("output", "σ of the last layer", sigmas, s.output, (v) => change({ output: v })), ", and Err is the ",
      word("loss", "Err", losses, s.loss, (v) => change({ loss: v })), "."),
    clause("The first θ are drawn by ", word("initializer", "Initialiser",
      [["", `what fits σ (${drawer})`], ...Object.keys(told.scales).map((name) => [name, name === "zeros" ? "nobody: all zeros" : name])],
      s.initializer, (v) => change({ initializer: v })), "."),
    clause("A step takes ", word("batch", "Samples to a step", CHOICES.batch, s.batch, (v) => adjust({ batch: v })), " by ",
      word("optimizer", "Optimiser", [["sgd", "plain descent"], ["momentum", "descent with momentum 0.9"], ["adam", "Adam"]], s.optimizer, (v) => adjust({ optimizer: v })),
      "; gradients are clipped ", word("clip", "Clipping of the gradient", CHOICES.clip, s.clip, (v) => adjust({ clip: v })), "."),
    clause("Held out, to see what it has not seen: ", word("held", "Share held out", CHOICES.held, s.held, (v) => adjust({ held: v })), "."),
    ...(network.sizes[0] > 2 ? [clause("The plane shows ", ...axisWords(s.axes), ".")] : []),
    ...(state.table ? [clause(tableInWords(state.table))] : []),
    ownData(),
  );
}

// Which two inputs the plane shows, of more: the one that is taken twice changes places with the other.
function axisWords(axes) {
  const inputs = state.network.x.length, choices = Array.from({ length: inputs }, (_, l) => [l, cutTo(calledInput(l), 24)]);
  const put = (d) => (l) => adjust({ axes: d ? [l === axes[0] ? axes[1] : axes[0], l] : [l, l === axes[1] ? axes[0] : axes[1]] });
  return [word("across", "The input across the plane", choices, axes[0], put(0)), " across and ", word("up", "The input up the plane", choices, axes[1], put(1)), " up, the others as they are in the ringed sample"];
}
