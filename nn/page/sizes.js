// The δ row: √mean δ² of every layer over all samples, each bar under its layer, and the word for all of it.

const [LOWEST, HIGHEST] = [-6, 0.5]; // powers of ten that the bars show

function buildSizes() {
  const place = $("deltas"), reading = make("div");
  reading.id = "reading";
  place.replaceChildren(reading);
  document.body.style.setProperty("--layers", state.network.layers.length);
  graph.sizes = state.network.layers.map((_, k) => {
    const element = make("div", "size"), row = make("div", "row"), bar = make("div", "bar"), filled = make("div");
    const name = make("span"), value = make("b"), factor = make("span", "factor");
    row.append(name, value);
    bar.append(filled);
    element.append(row, bar);
    place.append(element);
    if (k < state.network.layers.length - 1) place.append(factor);
    return { element, name, value, filled, factor };
  });
}

function arrangeSizes() {
  const boxes = [...document.querySelectorAll("#graph .layer")].map((layer) => layer.getBoundingClientRect());
  const start = $("deltas").getBoundingClientRect().left;
  const put = (element, left, right) => {
    element.style.left = onPhone() ? "" : `${left - start}px`;
    element.style.width = onPhone() ? "" : `${right - left}px`;
  };
  graph.sizes.forEach(({ element, factor }, k) => {
    const box = boxes[k + 1], next = k + 1 < graph.sizes.length && boxes[k + 2];
    factor.dataset.room = next ? (next.left - box.right) / rem() : 0;
    put(element, box.left, box.right);
    if (next) put(factor, box.right, next.left);
  });
}

function drawSizes() {
  const { sizes, word, change } = state.measure, last = sizes.length - 1, small = graph.of !== "full" && graph.of !== "roomy";
  graph.sizes.forEach(({ name, value, filled, factor }, k) => {
    write(name, k === last ? (small ? "output" : "|δ| output") : small ? `δ ${k + 1}` : `|δ| layer ${k + 1}`);
    write(value, short(sizes[k]));
    filled.style.width = `${Math.max(0, Math.min(1, (Math.log10(sizes[k]) - LOWEST) / (HIGHEST - LOWEST))) * 100}%`;
    if (k === last) return;
    const text = sizes[k + 1] ? `×${times(sizes[k] / sizes[k + 1])}` : "", arrow = text && factor.dataset.room > 1.4 + 0.35 * text.length;
    write(factor, arrow ? `← ${text}` : text);
  });
  $("reading").replaceChildren(make("b", "", `δ ${word}`), Number.isFinite(change) ? ` ×${times(10 ** change)} from ŷ` : "");
}

function times(x) {
  if (x >= 0.01 && x < 100) return String(Number(x.toPrecision(2)));
  return x ? short(x, 2) : "0";
}
