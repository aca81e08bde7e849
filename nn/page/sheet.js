// A card that is opened, by the reader or by an event: where there is no room for a neuron's θ, they are here to be
// read and changed.

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

// What is shown: the card that the reader has opened, else the one that an event is about and that shows no θ itself.
function cardToShow() {
  const { k, i } = current() ?? {};
  return state.opened ?? (k !== undefined && opens() && !onPhone() ? { k, i } : null);
}

function buildSheet() {
  const sheet = $("sheet"), shown = cardToShow(), about = shown !== state.opened;
  sheet.hidden = !shown;
  sheet.classList.toggle("about", about);
  sheet.setAttribute("role", about ? "region" : "dialog");
  graph.sheet = null;
  if (!shown) return;
  const { k, i } = shown, layer = state.network.layers[k], head = make("p");
  head.append(make("span", "", about ? `${k + 1}·${i + 1}` : `${capital(who(state.network, k, i))} · ${layer.sigma}`));
  if (!about) {
    const close = make("button", "icon", "×");
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", closeSheet);
    head.append(close);
  } else head.append(make("span", "small", layer.sigma));
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
  graph.sheet = { k, i, about, chips, rows };
}

// Beside its tile, on the side that the event's numbers do not come from.
function placeSheet({ k, i }) {
  const sheet = $("sheet"), room = $("graph").getBoundingClientRect(), tile = cardAt(k, i).element.getBoundingClientRect(), { width, height } = sheet.getBoundingClientRect();
  const [left, right] = [tile.left - width - 12, tile.right + 12], fits = { left: left >= room.left, right: right + width <= room.right };
  const toLeft = current().kind === "δ" ? fits.left || !fits.right : fits.left && !fits.right;
  sheet.style.left = `${Math.max(room.left, Math.min(room.right - width, toLeft ? left : right))}px`;
  sheet.style.top = `${Math.max(room.top, Math.min(room.bottom - height, (tile.top + tile.bottom - height) / 2))}px`;
}

function drawSheet() {
  const shown = cardToShow(), now = graph.sheet;
  if (shown?.k !== now?.k || shown?.i !== now?.i || (now && now.about !== !state.opened)) buildSheet();
  if (!graph.sheet) return;
  const { k, i, about, chips, rows } = graph.sheet, layer = state.network.layers[k], known = knownAt(state.event);
  const [fired, answered, blamed, graded] = ["u", "o", "δ", "θ"].map((kind) => known(kind, k, i)), blank = "\u00a0";
  chips.forEach((chip, l) => {
    const p = i * (layer.n + 1) + l;
    write(chip.lastChild, signed(layer.theta[p]));
    paint(chip, state.network.slope[layer.at + p], graded);
  });
  write(rows.u, fired ? signed(layer.u[i]) : blank);
  write(rows.o, answered ? signed(layer.o[i]) : blank);
  write(rows["σ′"], fired ? short(state.network.slopeAt(k, i)) : blank);
  write(rows.δ, blamed ? signed(layer.delta[i]) : blank);
  paint(rows.δ, layer.delta[i], blamed);
  $("sheet").style.left = $("sheet").style.top = "";
  if (about) placeSheet(graph.sheet);
}
