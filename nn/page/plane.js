// What the network says over the plane of two inputs, with the samples on it; the same for every neuron, small; and Err over the steps.

const GRID = 44; // cells along a side
const view = { x: 0, y: 0, wide: 1.78, high: 1.78 }; // the middle of the plane, and how far it reaches from there
const scratch = document.createElement("canvas");

const onPlane = (inputs) => state.settings.axes.map((l) => inputs[l]); // the two that it shows

function setView() { // so that all points are on it
  const { width, height } = $("plane"), ratio = width / height;
  const own = ["given", "own"].includes(state.settings.data);
  if (own) {
    const extent = (d) => {
      const xs = state.points.map((p) => p.place[d]), low = Math.min(...xs), high = Math.max(...xs);
      return [(low + high) / 2, 0.58 * (high - low) || 1];
    };
    [[view.x, view.wide], [view.y, view.high]] = state.settings.axes.map(extent);
  } else {
    const reach = state.settings.data === "iris" ? 2 : 1.78;
    Object.assign(view, { x: 0, y: 0, high: Math.max(reach, reach / ratio), wide: Math.max(reach, reach * ratio) });
  }
}

const toPixel = (inputs) => {
  const { width, height } = $("plane"), [x, y] = onPlane(inputs);
  return [((x - view.x) / view.wide + 1) / 2 * width, (1 - (y - view.y) / view.high) / 2 * height];
};
const toPlace = (event) => {
  const box = $("plane").getBoundingClientRect();
  return [view.x + view.wide * (2 * (event.clientX - box.left) / box.width - 1), view.y + view.high * (1 - 2 * (event.clientY - box.top) / box.height)];
};

// o of all neurons, or of the outputs alone, at every cell; further inputs are those of the chosen sample.
function field(all) {
  const { network } = state, x = Float64Array.from(state.samples[state.chosen].x), [across, up] = state.settings.axes;
  const layers = all ? network.layers : [network.last], width = layers.reduce((total, { m }) => total + m, 0);
  const found = new Float32Array(GRID * GRID * width);
  for (let row = 0, at = 0; row < GRID; row++) for (let column = 0; column < GRID; column++) {
    x[across] = view.x + view.wide * ((2 * (column + 0.5)) / GRID - 1);
    x[up] = view.y + view.high * (1 - (2 * (row + 0.5)) / GRID);
    network.forward(x);
    for (const { m, o } of layers) for (let i = 0; i < m; i++) found[at++] = o[i];
  }
  return { numbers: found, width };
}

// 256 colours from one of the theme to the next, as the four bytes of a pixel.
const palettes = new Map();
function palette(...names) {
  const key = `${dark()} ${names}`;
  if (!palettes.has(key)) {
    const stops = names.map((name) => rgb(css(name)));
    palettes.set(key, Uint32Array.from({ length: 256 }, (_, n) => {
      const along = (n / 255) * (stops.length - 1), k = Math.min(stops.length - 2, Math.floor(along));
      const [r, g, b] = stops[k].map((c, i) => Math.round(c + (stops[k + 1][i] - c) * (along - k)));
      return (255 << 24) | (b << 16) | (g << 8) | r;
    }));
  }
  return palettes.get(key);
}

const shade = (share) => (share > 0 ? (share < 1 ? Math.round(255 * share) : 255) : 0); // of 0 to 1; nan is 0

const picture = { image: null, pixels: null };

function paintMap(canvas, pixelOf) { // of every cell
  const context = scratch.getContext("2d");
  if (!picture.image) {
    scratch.width = scratch.height = GRID;
    picture.image = context.createImageData(GRID, GRID);
    picture.pixels = new Uint32Array(picture.image.data.buffer);
  }
  for (let cell = 0; cell < GRID * GRID; cell++) picture.pixels[cell] = pixelOf(cell);
  context.putImageData(picture.image, 0, 0);
  const target = canvas.getContext("2d");
  target.imageSmoothingQuality = "high";
  target.drawImage(scratch, 0, 0, canvas.width, canvas.height);
}

// How far one output is beyond its threshold; or the likeliest of several classes, and how far it is ahead.
function paintOutputs(canvas, { numbers, width }) {
  const { outputs } = state.network, start = width - outputs, { low, threshold = 0 } = state.code;
  if (outputs === 1) {
    const tints = palette("plane-low", "plane-middle", "plane-high"), half = low === 0 && threshold ? 0.5 : 1;
    return paintMap(canvas, (cell) => tints[shade(0.5 + (0.5 * (numbers[cell * width + start] - threshold)) / half)]);
  }
  const tints = ["plane-low", "plane-high", "plane-third"].map((name) => palette("plane-middle", name));
  return paintMap(canvas, (cell) => {
    let best = 0, first = -Infinity, second = -Infinity;
    for (let i = 0; i < outputs; i++) {
      const o = numbers[cell * width + start + i];
      if (o > first) [best, first, second] = [i, o, first];
      else if (o > second) second = o;
    }
    return tints[Math.min(2, best)][shade(0.25 + 0.75 * (first - second))];
  });
}

function drawMaps() { // of all neurons, in grey, so that colour stays gradient
  const all = field(true), { numbers, width } = all, [across, up] = state.settings.axes, greys = palette("map-low", "map-high");
  graph.cards.forEach(({ map, k }, place) => {
    const { sigma } = state.network.layers[k], output = k === state.network.layers.length - 1;
    if (output && state.network.outputs === 1) return paintOutputs(map, all);
    const floor = lowest(sigma) < 0 || output ? -1 : 0;
    return paintMap(map, (cell) => greys[shade((numbers[cell * width + place] - floor) / (1 - floor))]);
  });
  graph.inputs.forEach(({ map }, l) => {
    const context = map.getContext("2d"), ends = l === up ? [0, 24, 0, 0] : [0, 0, 24, 0], gradient = context.createLinearGradient(...ends);
    map.hidden = l !== across && l !== up; // the plane has no place for it
    gradient.addColorStop(0, css("map-low"));
    gradient.addColorStop(1, css("map-high"));
    context.fillStyle = gradient;
    context.fillRect(0, 0, 24, 24);
  });
}

function axis(d) { // its name, and from where to where in the table's unit
  const l = state.settings.axes[d], [middle, reach] = d ? [view.y, view.high] : [view.x, view.wide], ends = [middle - reach, middle + reach].map((z) => inUnit(z, l));
  return ends[0] === null ? cutTo(calledInput(l), 24) : `${cutTo(calledInput(l), 24)}  ${ends.map(plainly).join(" … ")}`;
}

function drawPlane() {
  setView();
  const canvas = $("plane"), sharp = devicePixelRatio || 1, found = field(false), context = canvas.getContext("2d");
  paintOutputs(canvas, found);
  context.font = `${0.6875 * rem() * sharp}px Helvetica, Arial, sans-serif`;
  context.fillStyle = css("soft");
  context.textAlign = "right";
  context.fillText(`${axis(0)} →`, canvas.width - 8 * sharp, canvas.height - 8 * sharp);
  context.textAlign = "left";
  context.fillText(`↑ ${axis(1)}`, 8 * sharp, 16 * sharp);
  drawBoundary(context, canvas, found);
  drawPoints(context, canvas, sharp);
  look(); // the cards' numbers are the chosen sample's again
}

// The line between classes by marching squares: where one output crosses its threshold, or the two likeliest are even.
function drawBoundary(context, canvas, { numbers, width }) {
  const { outputs } = state.network, pairs = outputs === 1 ? [[0]] : [];
  for (let a = 0; a < outputs; a++) for (let b = a + 1; b < outputs; b++) pairs.push([a, b]);
  context.beginPath();
  for (const [a, b] of pairs) {
    const others = Array.from({ length: outputs }, (_, i) => i).filter((i) => i !== a && i !== b);
    const height = (column, row) => {
      const at = (row * GRID + column) * width;
      return b === undefined ? numbers[at] - state.code.threshold : numbers[at + a] - numbers[at + b];
    };
    const leads = (column, row) => others.every((i) => numbers[(row * GRID + column) * width + i] <= numbers[(row * GRID + column) * width + a]);
    for (let row = 0; row < GRID - 1; row++) for (let column = 0; column < GRID - 1; column++) {
      if (others.length && !leads(column, row)) continue;
      const corners = [[column, row], [column + 1, row], [column + 1, row + 1], [column, row + 1]], crossed = [];
      const v = corners.map((corner) => height(...corner));
      for (let side = 0; side < 4; side++) {
        const next = (side + 1) % 4;
        if (v[side] > 0 === v[next] > 0) continue;
        const t = v[side] / (v[side] - v[next]);
        crossed.push([0, 1].map((d) => corners[side][d] + t * (corners[next][d] - corners[side][d])));
      }
      for (let n = 0; n + 1 < crossed.length; n += 2) {
        const [[x, y], [toX, toY]] = [crossed[n], crossed[n + 1]].map(([c, r]) => [((c + 0.5) / GRID) * canvas.width, ((r + 0.5) / GRID) * canvas.height]);
        context.moveTo(x, y);
        context.lineTo(toX, toY);
      }
    }
  }
  context.strokeStyle = css("ink");
  context.lineWidth = 1.6 * (devicePixelRatio || 1);
  if (classesOf(state.settings)) context.stroke();
}

function drawPoints(context, canvas, sharp) {
  const scale = told.colours[dark() ? "dark" : "light"], size = (canvas.clientHeight < 220 ? 3.6 : 4.6) * sharp;
  const fills = [scale.negative[2], scale.positive[2], css("third")], held = new Set(state.held);
  state.samples.forEach((sample, i) => {
    const [x, y] = toPixel(sample.x), chosen = i === state.chosen, c = sample.c ?? (sample.y[0] > 0 ? 1 : 0);
    context.beginPath();
    if (c > 1) context.rect(x - size, y - size, 2 * size, 2 * size);
    else context.arc(x, y, chosen ? 1.5 * size : size, 0, 7);
    context.fillStyle = fills[Math.min(2, c)];
    context.globalAlpha = held.has(sample) ? 0.45 : 1; // not trained on
    context.fill();
    context.lineWidth = 1.4 * sharp;
    context.strokeStyle = css("halo");
    context.stroke();
    if (c === 0) {
      context.beginPath();
      context.arc(x, y, 0.36 * size, 0, 7);
      context.fillStyle = css("halo");
      context.fill();
    }
    context.globalAlpha = 1;
    if (!chosen) return;
    context.beginPath();
    context.arc(x, y, 2.1 * size, 0, 7);
    context.lineWidth = 2 * sharp;
    context.strokeStyle = css("ink");
    context.stroke();
  });
}

// --- Err, step by step ----------------------------------------------------------------------------------------------------------

function drawCurve() {
  const canvas = $("curve"), context = canvas.getContext("2d"), sharp = devicePixelRatio || 1, { width, height } = canvas;
  const { history, own } = state, curves = [history, ...(own ? [own.history] : [])], count = Math.max(...curves.map((c) => c.count));
  const finite = (numbers) => numbers.filter(Number.isFinite);
  const first = finite(history.numbers)[0] ?? 1, last = own ? finite(own.history.numbers).at(-1) ?? 0 : 0;
  const top = 1.08 * Math.max(1e-3, first, Math.min(2 * first, last), Math.min(3 * first, Math.max(0, ...finite(history.numbers.slice(-50)))));
  const x = (step) => 6 * sharp + (width - 12 * sharp) * (count > 1 ? step / (count - 1) : 0);
  const y = (err) => 6 * sharp + (height - 22 * sharp) * Math.max(0, Math.min(1, 1 - err / top));
  context.clearRect(0, 0, width, height);
  context.font = `${Math.max(11, 0.6875 * rem()) * sharp}px Helvetica, Arial, sans-serif`;
  context.fillStyle = css("soft");
  context.textAlign = "center";
  if (!count) return void context.fillText("the error, step by step", width / 2, height / 2);
  context.strokeStyle = css("frame");
  context.lineWidth = sharp;
  context.beginPath();
  context.moveTo(6 * sharp, y(0));
  context.lineTo(width - 6 * sharp, y(0));
  context.stroke();
  if (own) context.fillText("– – with your rule", width / 2, height - 4 * sharp);
  context.textAlign = "left";
  context.fillText("0", 6 * sharp, height - 4 * sharp);
  context.textAlign = "right";
  context.fillText(`step ${state.training.steps}`, width - 6 * sharp, height - 4 * sharp);
  const line = ({ numbers, stride }, dashes, thick, ink) => {
    context.beginPath();
    context.setLineDash(dashes);
    numbers.forEach((err, n) => Number.isFinite(err) && context.lineTo(x(n * stride), y(err)));
    context.lineWidth = thick * sharp;
    context.strokeStyle = ink;
    context.stroke();
    context.setLineDash([]);
  };
  line(history, [], 2, css("ink"));
  if (own) line(own.history, [5 * sharp, 4 * sharp], 1.6, css("soft"));
}

function drawLegend() {
  const place = $("legend");
  if (!place.children.length) {
    place.append(make("span", "", "gradient"), ...Array.from({ length: 5 }, () => make("span", "chip")));
    place.append(make("span", "all"));
  }
  const { outputs } = state.network, { low = 0 } = state.code;
  const shapes = ["ring", "disc", "square"], count = classesOf(state.settings), named = state.table?.target.classes;
  const points = named ? shapes.slice(0, count).map((shape, c) => `${shape} ${cutTo(className(c), 14)}`).join(", ")
    : outputs > 2 ? "ring, disc, square: classes 1, 2, 3" : outputs > 1 ? "points: ring class 1"
    : count ? `points: ring y = ${exact(low)}` : `points: disc ${cutTo(targetCalled(), 14) || "y"} > ${plainly(targetInUnit(0) ?? 0)}`;
  write(place.lastChild, named || outputs > 2 ? points : `lines: width |θ|, hollow head θ < 0 · ${points}`);
  const power = largest > 0 && signed(0.25 * largest, 2).includes("×") ? Math.floor(Math.log10(largest)) : 0; // said once
  write(place.firstChild, power ? `gradient ×10${superscript(power)}` : "gradient");
  [-1, -0.25, 0, 0.25, 1].forEach((share, n) => {
    const chip = place.children[n + 1];
    write(chip, share ? signed(share * largest / 10 ** power, 2) : "0");
    paint(chip, share * largest);
  });
}
