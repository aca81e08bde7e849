// The pane in which the graph stands: how large it is, what of it is seen, and a leaf's value that is dragged.

const pane = $("graph");
const letters = [...picture.querySelectorAll("text")].filter((text) => text.textContent.trim());
const smallest = Math.min(...letters.map((text) => Number(text.getAttribute("font-size"))));
const LEGIBLE = 11 / 15, LARGEST = 4; // the smallest letter, in rem: 11 pixels on a small screen; how far one can go in
const view = { zoom: null }; // pixels a unit; null: whatever fits, but never too small to read

const units = picture.viewBox.baseVal;
const fitting = () => Math.min(pane.clientWidth / units.width, pane.clientHeight / units.height, 2);
const readable = () => LEGIBLE * parseFloat(getComputedStyle(document.documentElement).fontSize) / smallest;

function scaled() {
  const scale = view.zoom ?? Math.max(fitting(), readable());
  picture.setAttribute("width", units.width * scale);
  picture.setAttribute("height", units.height * scale);
}

function zoom(factor, x = pane.clientWidth / 2, y = pane.clientHeight / 2) { // the point there stays where it is
  const before = picture.getBoundingClientRect(), box = pane.getBoundingClientRect();
  const now = before.width / units.width, least = Math.min(fitting(), readable());
  view.zoom = Math.min(Math.max(now * factor, least), LARGEST);
  const [across, down] = [(box.left + x - before.left) / before.width, (box.top + y - before.top) / before.height];
  scaled();
  const after = picture.getBoundingClientRect();
  pane.scrollBy(after.left + across * after.width - box.left - x, after.top + down * after.height - box.top - y);
}

function fit() {
  view.zoom = fitting();
  scaled();
}

// --- mouse, fingers, keys ------------------------------------------------------------------------

const place = (event) => [event.clientX - pane.getBoundingClientRect().left, event.clientY - pane.getBoundingClientRect().top];

pane.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return; // a pinch on a touch pad comes as a wheel with ctrl
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / 300), ...place(event));
}, { passive: false });

let pinch = 0; // the distance of two fingers
const apart = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
pane.addEventListener("touchstart", (event) => { if (event.touches.length === 2) pinch = apart(event.touches); }, { passive: true });
pane.addEventListener("touchmove", (event) => {
  if (event.touches.length !== 2 || !pinch) return;
  event.preventDefault();
  const [a, b] = event.touches, now = apart(event.touches);
  zoom(now / pinch, ...place({ clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 }));
  pinch = now;
}, { passive: false });

const scrubs = new Set(); // where a leaf's value is dragged
let held = null; // the mouse, since it went down: on the picture, or on a leaf's value
const MOVED = 4; // pixels, below which it was a click

pane.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  const leaf = scrubbed(event.target);
  if (leaf < 0 && event.pointerType !== "mouse") return; // fingers scroll by themselves
  held = { leaf, x: event.clientX, y: event.clientY, from: leaf < 0 ? 0 : state.inputs[leaf], moved: false };
});

addEventListener("pointermove", (event) => {
  if (!held) return;
  const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
  held.moved ||= Math.hypot(dx, dy) > MOVED;
  if (!held.moved) return;
  pane.classList.add("dragged");
  if (held.leaf < 0) pane.scrollBy(-dx, -dy);
  else scrub(event, dx);
  [held.x, held.y] = [event.clientX, event.clientY];
});

function scrub(event, pixels) { // as in the playground: 0.01 a pixel, Shift finer, Alt coarser
  held.from += pixels * (event.shiftKey ? 0.001 : event.altKey ? 0.1 : 0.01);
  change(held.leaf, Number(held.from.toFixed(3)));
}

function release() {
  if (held?.moved) addEventListener("click", (click) => click.stopPropagation(), { capture: true, once: true });
  setTimeout(() => pane.classList.remove("dragged"));
  held = null;
}
addEventListener("pointerup", release);
addEventListener("pointercancel", release);

function scrubbed(target) { // the leaf whose value that is, or -1
  return scrubs.has(target) ? leaves.indexOf(shownBy.get(target)) : -1;
}

addEventListener("keydown", (event) => {
  const keys = { "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit };
  if (!keys[event.key] || event.target.closest("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  keys[event.key]();
});

if (data.live) for (const i of leaves) {
  const { slot = [], chip = [], gradient = [] } = cards[i]?.parts ?? {};
  for (const place of gradient.length ? slot : [...slot, ...chip]) { // a weight's chip is all of it its value's
    place.classList.add("scrubs");
    place.classList.toggle("framed", gradient.length > 0);
    scrubs.add(place);
  }
}
new ResizeObserver(() => { scaled(); follow(); }).observe(pane);

modes();
$("position").max = last;
compute();
scaled();
themed();
