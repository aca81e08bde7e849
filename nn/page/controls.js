// What the reader does: buttons, keys, pointers; and the loop that trains and draws.

// --- training -------------------------------------------------------------------------------------------------------

const STEPPING = 6; // milliseconds of a frame for steps
const loop = { frame: 0, drawn: 0 };

function run(on) {
  if (on && state.diverged) return;
  if (on && !state.running) remember("run");
  state.running = on;
  cancelAnimationFrame(loop.frame);
  if (on) {
    Object.assign(state, { event: 0, last: "" });
    loop.frame = requestAnimationFrame(tick);
  }
  render();
}

// Each frame a few steps, the plane and Err; ten times a second all the rest, three times where motion is unwelcome.
function tick(now) {
  const began = performance.now(), { settings } = state;
  for (let k = 0; k < settings.speed && performance.now() - began < STEPPING && !state.diverged; k++) trainStep();
  if (state.diverged) return run(false);
  if (now - loop.drawn > (calm() ? 333 : 100)) {
    loop.drawn = now;
    render();
  } else if (!calm()) {
    drawPlane();
    drawCurve();
  }
  loop.frame = requestAnimationFrame(tick);
}

function oneStep() {
  if (state.running) run(false);
  if (state.diverged) return;
  remember("step", true);
  state.event = 0;
  trainStep();
  render();
}

function restart() {
  if (state.running) run(false);
  remember("restart");
  rebuild(false);
  if (state.moved) state.pure = false;
  buildSheet();
  render();
}

// --- one sample, event by event -----------------------------------------------------------------------------------------

function walk(by) {
  if (state.running) run(false);
  if (state.event + by > graph.events.length) { // the update is made, and the next sample comes
    remember("walk", true);
    look();
    const { network, training, settings } = state, slope = Float64Array.from(network.slope);
    training.total.set(slope);
    if (!network.biased) silenceBiases(network, slope);
    training.move(slope, settings.rate, "sgd");
    state.history.add(network.err);
    Object.assign(state, { pure: false, chosen: (state.chosen + 1) % state.samples.length, event: 1 });
  } else state.event = Math.max(0, state.event + by);
  render();
}

function undo() {
  if (state.running) run(false);
  if (undone()) redraw();
}

// --- settings ---------------------------------------------------------------------------------------------------------------

// What asks for other θ: training stops, and begins again.
function change(some, keep = true) {
  const focused = document.activeElement?.id, { settings } = state;
  if (state.running) run(false);
  if (keep) remember("settings");
  // Numbers have any size, and a σ that ends at 1 does not reach them.
  const numbers = some.data === "own" && !state.pasted.count ? { output: "linear" } : {};
  state.settings = fitted({ ...settings, before: settings.loss, ...some, ...numbers });
  if ("data" in some) {
    Object.assign(state, { points: placed(state.settings), moved: false, chosen: 0, loaded: null });
    state.edited.clear();
  }
  if ("seed" in some || "initializer" in some) state.edited.clear();
  resample();
  rebuild();
  redraw(focused);
}

// What may change while it trains.
function adjust(some) {
  const focused = document.activeElement?.id;
  remember(`adjust ${Object.keys(some)}`, true);
  Object.assign(state.settings, some);
  if (state.training.steps && !("speed" in some || "axes" in some)) state.pure = false;
  resample();
  redraw(focused, false);
}

function redraw(focused = "", anew = true) { // after a change of settings
  state.opened = null;
  drawSentence();
  drawMore();
  if (anew) build();
  buildSheet();
  if (focused) $(focused)?.focus();
  $("use").setAttribute("aria-pressed", String(state.own !== null));
  write($("use"), state.own ? "✓ training with it" : "train with it");
  render();
}

function toggle(popover, button) {
  const opening = popover.hidden && button !== null;
  for (const each of document.querySelectorAll(".popover")) each.hidden = true;
  popover.hidden = !opening;
  for (const id of ["open-more", "share"]) $(id)?.setAttribute("aria-expanded", String(opening && $(id) === button));
  if (!opening) return;
  if (popover.id === "more") popover.style.left = onPhone() ? "" : `${Math.min(innerWidth - popover.offsetWidth - 16, button.getBoundingClientRect().left)}px`;
  popover.querySelector("select, button, textarea").focus();
}

// --- the learner's rule ------------------------------------------------------------------------------------------------------------

function watchRule() {
  const which = $("which");
  which.replaceChildren(...Object.entries(RULES).map(([kind, { title }]) => Object.assign(make("option", "", title), { value: kind })));
  const show = () => {
    const { kind, text } = state.rule;
    which.value = kind;
    rich($("symbol"), RULES[kind].symbol);
    $("rule").value = text;
    $("rule").title = `${RULES[kind].names.join(", ")} — ${meaning}`;
  };
  show();
  which.addEventListener("change", () => {
    state.rule = { kind: which.value, text: RULES[which.value].first };
    stopOwn();
    show();
    redraw("which", false);
  });
  $("rule").addEventListener("input", () => {
    state.rule.text = $("rule").value;
    drawVerdict();
  });
  $("own").addEventListener("submit", (event) => event.preventDefault());
  $("use").addEventListener("click", () => {
    if (state.running) run(false);
    if (state.own) stopOwn();
    else {
      remember("rule");
      state.own = { rule: graph.rule, kind: state.rule.kind };
      rebuild();
    }
    redraw("use");
  });
}

function stopOwn() {
  state.own = null;
}

// --- keys ----------------------------------------------------------------------------------------------------------------------------

function watchKeys() {
  const keys = { ArrowRight: () => walk(1), ArrowLeft: () => walk(-1), s: oneStep, r: restart, d: flipTheme, " ": () => run(!state.running) };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (!$("sheet").hidden) { closeSheet(); render(); }
      for (const popover of document.querySelectorAll(".popover:not([hidden])")) {
        toggle(popover, null);
        $(popover.id === "more" ? "open-more" : "share").focus();
      }
      return;
    }
    const inside = event.target.closest("input, select, textarea");
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !inside) {
      event.preventDefault();
      undo();
    }
    if (inside || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
    if (event.key === " " && event.target.closest("button, [role=button], summary")) return;
    event.preventDefault();
    keys[event.key]();
  });
}

function flipTheme() {
  document.documentElement.dataset.theme = dark() ? "light" : "dark";
  $("theme").setAttribute("aria-pressed", String(dark()));
  render();
}

// --- the start -------------------------------------------------------------------------------------------------------------------------

function start() {
  state.settings = fitted({ ...told.settings });
  state.points = placed(state.settings);
  resample();
  rebuild(false);
  state.chosen = Math.min(5, state.samples.length - 1);
  $("run").addEventListener("click", () => run(!state.running));
  $("step").addEventListener("click", oneStep);
  $("restart").addEventListener("click", restart);
  $("undo").addEventListener("click", undo);
  $("theme").addEventListener("click", flipTheme);
  $("theme").setAttribute("aria-pressed", String(dark()));
  $("back").addEventListener("click", () => walk(-1));
  $("next").addEventListener("click", () => walk(1));
  $("position").addEventListener("input", () => {
    if (state.running) run(false);
    state.event = Number($("position").value);
    render();
  });
  $("settings").addEventListener("click", () => {
    $("settings").setAttribute("aria-expanded", String($("top").classList.toggle("open")));
    arrange();
    render();
  });
  document.addEventListener("pointerdown", ({ target }) => { // beside what is open: it closes
    if (target.closest(".popover, #open-more, #share")) return;
    for (const popover of document.querySelectorAll(".popover:not([hidden])")) toggle(popover, null);
  });
  watchPlane();
  watchRule();
  watchKeys();
  watchSharing();
  addEventListener("resize", () => {
    arrange();
    buildSheet();
    render();
  });
  systemDark.addEventListener("change", render);
  redraw();
  readLink();
}

start();
