// What is dragged: θ sideways, points over the plane; and the same by keys.

// --- θ: dragged sideways, or by the arrow keys ----------------------------------------------------------------------------------

function scrubs(chip, k, i, l) {
  let from = null, moved = false;
  const place = () => state.network.place(k, i, l);
  const put = (value) => {
    state.network.theta[place()] = value;
    state.edited.add(`${k} ${i} ${l}`);
    state.pure = false;
    if (!state.running) render();
  };
  chip.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    event.stopPropagation();
    chip.focus();
    chip.setPointerCapture(event.pointerId);
    [from, moved] = [event.clientX, false];
  });
  chip.addEventListener("pointermove", (event) => {
    if (from === null || event.clientX === from) return;
    if (!moved) remember("θ");
    moved = true;
    put(state.network.theta[place()] + (event.clientX - from) * 0.01 * (event.shiftKey ? 0.1 : event.altKey ? 10 : 1));
    from = event.clientX;
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) chip.addEventListener(end, () => { from = null; });
  chip.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 0.05, ArrowDown: -0.05 }[event.key];
    if (by === undefined && event.key !== "Home") return;
    event.preventDefault();
    event.stopPropagation();
    remember(`θ ${k} ${i} ${l}`, true);
    put(by === undefined ? 0 : state.network.theta[place()] + by * (event.shiftKey ? 0.1 : event.altKey ? 10 : 1));
  });
}

// --- points: dragged, added, deleted ---------------------------------------------------------------------------------------------

const HOLD = 550; // milliseconds: a long press

function nearest(event) {
  const box = $("plane").getBoundingClientRect(), sharp = $("plane").width / box.width, reach = event.pointerType === "touch" ? 24 : 14;
  let best = -1, least = reach ** 2;
  state.samples.forEach(({ x }, i) => {
    const [a, b] = toPixel(x), away = (a / sharp - event.clientX + box.left) ** 2 + (b / sharp - event.clientY + box.top) ** 2;
    if (away <= least) [best, least] = [i, away];
  });
  return best;
}

function dataChanged() {
  state.moved = true;
  state.pure = false;
  resample();
  if (!state.running) render();
}

function movePoint(i, place) {
  const point = state.points[i];
  state.settings.axes.forEach((l, d) => { point.place[l] = place[d] - state.settings.noise * point.noise[l]; });
  dataChanged();
}

function addPoint(place, c) { // of that class, or where there are none with the chosen one's target
  if (state.points.length >= told.longest) return;
  remember("point");
  const chosen = state.points[state.chosen], like = state.points.find((point) => point.c === c) ?? chosen;
  const point = { ...structuredClone(like), place: [...chosen.place], noise: chosen.noise.map(() => 0) };
  state.settings.axes.forEach((l, d) => { point.place[l] = place[d]; });
  state.points.push(point);
  state.chosen = state.points.length - 1;
  dataChanged();
}

const classOf = ({ shiftKey, altKey }) => (shiftKey ? 0 : altKey && classesOf(state.settings) > 2 ? 2 : 1);

function deletePoint(i) {
  if (state.points.length <= 2) return;
  remember("point");
  state.points.splice(i, 1);
  if (state.chosen >= i) state.chosen = Math.max(0, state.chosen - 1);
  dataChanged();
}

function choose(i) {
  state.chosen = (i + state.samples.length) % state.samples.length;
  if (!state.running) render();
}

function watchPlane() {
  const plane = $("plane");
  let held = null; // { point, moved, timer }
  const release = () => {
    clearTimeout(held?.timer);
    held = null;
  };
  plane.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const point = nearest(event);
    plane.setPointerCapture(event.pointerId);
    held = { point, moved: false, x: event.clientX, y: event.clientY, timer: 0 };
    if (event.pointerType === "touch") held.timer = setTimeout(() => {
      release();
      if (point < 0) addPoint(toPlace(event), 1);
      else deletePoint(point);
    }, HOLD);
    if (point >= 0) choose(point);
  });
  plane.addEventListener("pointermove", (event) => {
    if (!held || held.point < 0) return;
    if (!held.moved && Math.hypot(event.clientX - held.x, event.clientY - held.y) < 3) return;
    if (!held.moved) remember("drag");
    held.moved = true;
    clearTimeout(held.timer);
    movePoint(held.point, toPlace(event));
  });
  for (const end of ["pointerup", "pointercancel"]) plane.addEventListener(end, release);
  plane.addEventListener("dblclick", (event) => nearest(event) < 0 && addPoint(toPlace(event), classOf(event)));
  plane.addEventListener("contextmenu", (event) => event.preventDefault());
  plane.addEventListener("keydown", (event) => {
    const [x, y] = onPlane(state.samples[state.chosen].x), by = event.shiftKey ? 0.01 : 0.05;
    const toward = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (toward) {
      remember("arrows", true);
      movePoint(state.chosen, [x + toward[0], y + toward[1]]);
    } else if (event.key === "n") choose(state.chosen + 1);
    else if (event.key === "p") choose(state.chosen - 1);
    else if (event.key === "+" || event.key === "-") addPoint([x + 0.1, y + 0.1], event.key === "-" ? 0 : 1);
    else if (event.key === "Delete" || event.key === "Backspace") deletePoint(state.chosen);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
