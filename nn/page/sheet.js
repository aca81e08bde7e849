// A card that is opened: where there is no room for a neuron's θ, they are here to be read and changed.

function openCard(k, i) {
  const same = state.opened && state.opened.k === k && state.opened.i === i;
  state.opened = same ? null : { k, i };
  buildSheet();
  if (state.opened) $("sheet").querySelector("button").focus();
  render();
}

function closeSheet() {
  const { k, i } = state.opened ?? {};
  state.opened = null;
  buildSheet();
  if (k !== undefined) cardAt(k, i)?.element.focus();
}

function buildSheet() {
  const sheet = $("sheet"), opened = state.opened;
  sheet.hidden = !opened;
  graph.sheet = null;
  if (!opened) return;
  const { k, i } = opened, layer = state.network.layers[k], head = make("p"), close = make("button", "icon", "×");
  close.setAttribute("aria-label", "Close");
  close.addEventListener("click", closeSheet);
  head.append(make("span", "", `${capital(who(state.network, k, i))} · ${layer.sigma}`), close);
  const thetas = make("div", "thetas"), values = make("div", "values");
  const chips = Array.from({ length: layer.n + (state.network.biased ? 1 : 0) }, (_, l) => chipOf(k, i, l));
  thetas.append(...chips);
  const rows = Object.fromEntries(["u", "o", "σ′", "δ"].map((key) => {
    const pair = make("span", "", `${key} `), value = make("span", "chip");
    pair.append(value);
    values.append(pair);
    return [key, value];
  }));
  sheet.setAttribute("aria-label", capital(who(state.network, k, i)));
  sheet.replaceChildren(head, thetas, values);
  graph.sheet = { k, i, chips, rows };
}

function drawSheet() {
  if (!graph.sheet) return;
  const { k, i, chips, rows } = graph.sheet, layer = state.network.layers[k];
  chips.forEach((chip, l) => {
    const p = i * (layer.n + 1) + l;
    write(chip.lastChild, signed(layer.theta[p]));
    paint(chip, state.network.slope[layer.at + p]);
  });
  write(rows.u, signed(layer.u[i]));
  write(rows.o, signed(layer.o[i]));
  write(rows["σ′"], short(state.network.slopeAt(k, i)));
  write(rows.δ, signed(layer.delta[i]));
  paint(rows.δ, layer.delta[i]);
}
