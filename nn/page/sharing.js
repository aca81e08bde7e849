// A moment leaves the page, and comes back: as a link whose fragment holds all of it, as a file, as the network
// that nn reads, as a picture.  Nothing is sent: a fragment stays in the browser.

const packed = (text) => btoa(String.fromCharCode(...text)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const unpacked = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

async function through(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

async function linkOf(moment) {
  const bytes = new TextEncoder().encode(JSON.stringify(moment));
  return packed(await through(bytes, new CompressionStream("deflate-raw")));
}

async function momentIn(link) { // Throws where it is none
  const bytes = await through(unpacked(link), new DecompressionStream("deflate-raw"));
  return JSON.parse(new TextDecoder().decode(bytes));
}

async function readLink() {
  const link = location.hash.slice(1);
  if (link.length < 8) return;
  try {
    take(await momentIn(link));
  } catch {
    write($("say"), "The link holds no moment of this page; here is its beginning.");
  }
}

function take(moment) {
  remember("moment");
  try {
    restore(moment);
  } catch (error) {
    undone();
    throw error;
  }
  state.own = null;
  $("which").value = state.rule.kind;
  rich($("symbol"), RULES[state.rule.kind].symbol);
  $("rule").value = state.rule.text;
  redraw();
}

// --- the network as nn writes it -----------------------------------------------------------------------------------------

function networkFile() {
  const { network, settings, table, code } = state, parameters = {}, { sigmas } = network;
  network.layers.forEach(({ n, m }, k) => {
    for (let i = 0; i < m; i++) for (let l = 0; l <= n; l++) {
      if (l === n && !network.biased) continue;
      parameters[l < n ? named("θ", k + 1, i + 1, l + 1) : named("b", k + 1, i + 1)] = network.theta[network.place(k, i, l)];
    }
  });
  const architecture = {
    nin: network.sizes[0], nouts: network.sizes.slice(1), activation: Array.isArray(settings.sigma) ? sigmas : sigmas[0],
    output_activation: settings.output, bias: network.biased,
  };
  const rule = network.outputs === 1 && classesOf(settings) ? { class_rule: { bounds: [code.threshold], between: [(1 + code.low) / 2] } } : {};
  const model = table && { columns: table.columns, target: { ...table.target, loss: settings.loss } };
  return { format: told.format.format, version: told.format.version, architecture, parameters, ...rule, ...(model ? { model } : {}) };
}

// Of a Model its columns, scales and classes too.  Throws where the page cannot hold it.
function takeNetwork({ version, architecture: shape, parameters, model, class_rule: rule }) {
  if (!isWhole(version, 1, told.format.version)) throw new Error(`It is of version ${version}: this page reads up to ${told.format.version}.`);
  const table = model === undefined ? null : checkedTable(model), outs = shape?.nouts;
  const small = Array.isArray(outs) && outs.length >= 1 && outs.length - 1 <= told.deepest && outs.every((m) => isWhole(m, 1, told.widest));
  const last = shape?.output_activation ?? listOf(shape?.activation).at(-1);
  const sigmas = small ? outs.map((_, k) => (k < outs.length - 1 ? (Array.isArray(shape.activation) ? shape.activation[k] : shape.activation) : last)) : [];
  if (!sigmas.every(isSigma)) throw new Error("A σ of it is not known here.");
  const settings = small && settingsFor([shape.nin, ...outs], sigmas, table);
  if (!settings) throw new Error(table ? unfit(table) : `A network of ${state.network.sizes[0]} inputs, at most ${told.deepest} hidden layers of ${told.widest} and ${state.network.outputs} outputs fits here, whose last σ fits what it learns.`);
  const theta = new Network([shape.nin, ...outs], outs.map(() => "linear"), settings.loss);
  theta.layers.forEach(({ n, m }, k) => {
    for (let i = 0; i < m; i++) for (let l = 0; l <= n; l++) {
      const x = parameters?.[l < n ? named("θ", k + 1, i + 1, l + 1) : named("b", k + 1, i + 1)] ?? (l === n && shape.bias === false ? 0 : NaN);
      if (!Number.isFinite(x)) throw new Error("A number of its θ is missing.");
      theta.theta[theta.place(k, i, l)] = x;
    }
  });
  remember("network");
  const before = state.table, same = settings.data === state.settings.data;
  Object.assign(state, { settings, loaded: ruled(table, rule, last), ...(same ? {} : { points: placed(settings), moved: false, chosen: 0 }) });
  const old = same ? before : tableOf(settings);
  if (sameColumns(old, table)) Object.assign(state, { points: state.points.map((point) => rescaled(point, old, table)), moved: true });
  resample();
  rebuild(false);
  state.network.theta.set(theta.theta);
  state.pure = false;
  redraw();
}

const unfit = (table) => `It reads ${inputNames(table).filter(Boolean).join(", ") || `${inputNames(table).length} columns`} and tells ${table.target.column}, and no points of this page are like that. In Python, nn.play(nn.Model.load("network.json"), X, Y) makes a page with its rows.`;

// --- a picture of the moment: plane and curve as they are, the settings in words -----------------------------------------------

function pictureOf() {
  const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const words = [...$("sentence").childNodes].map((node) => node.selectedOptions?.[0].text ?? (node.id ? "" : node.textContent)).join("").replace(/\s+\./, ".");
  const sum = `Err ${$("err").textContent} · ${$("count").textContent} · δ ${state.measure.word}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 380" font-family="Helvetica, Arial, sans-serif">
<rect width="900" height="380" fill="${css("canvas")}"/>
<text x="20" y="30" font-size="15" fill="${css("ink")}">${escape(words)}</text>
<text x="20" y="52" font-size="13" fill="${css("soft")}">${escape(sum)}</text>
<image x="20" y="65" width="300" height="300" href="${$("plane").toDataURL("image/png")}"/>
<image x="340" y="65" width="540" height="300" preserveAspectRatio="none" href="${$("curve").toDataURL("image/png")}"/>
</svg>`;
}

function download(name, text, type) {
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// --- the menu -----------------------------------------------------------------------------------------------------------------------

const LONGEST_LINK = 2048; // characters, that every program passes on
const linkable = () => location.protocol !== "file:" && location.protocol !== "about:" && self === self.top;

function watchSharing() {
  const box = $("sharing"), says = make("p", "small"), buttons = make("div", "buttons"), pick = make("input");
  says.setAttribute("role", "status");
  const button = (text, action) => {
    const found = make("button", "", text);
    found.type = "button";
    found.addEventListener("click", async () => {
      try {
        says.textContent = (await action()) ?? "";
      } catch (error) {
        says.textContent = error.message;
      }
    });
    buttons.append(found);
  };
  if (linkable()) button("copy a link", async () => {
    history.replaceState(null, "", `#${await linkOf(momentOf())}`);
    const long = location.href.length > LONGEST_LINK ? ` It has ${location.href.length} characters, and some programs cut that: a file holds the same.` : "";
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      return `The link to this moment is in the address bar.${long}`;
    }
    return `The link to this moment is copied.${long}`;
  });
  button("save this moment", () => download("playground.json", JSON.stringify(momentOf()), "application/json"));
  button("save the network", () => download("network.json", `${JSON.stringify(networkFile(), null, 1)}\n`, "application/json"));
  button("save a picture", () => download("playground.svg", pictureOf(), "image/svg+xml"));
  button("open a file", () => pick.click());
  Object.assign(pick, { type: "file", accept: ".json,application/json", hidden: true });
  pick.setAttribute("aria-label", "A moment or a network");
  pick.addEventListener("change", async () => {
    try {
      const content = JSON.parse(await pick.files[0].text());
      if (content.format === told.format.format) takeNetwork(content);
      else take(content);
      says.textContent = "Here it is.";
    } catch (error) {
      says.textContent = error instanceof SyntaxError ? "This file is no moment and no network." : error.message;
    }
    pick.value = "";
  });
  box.replaceChildren(buttons, pick, says);
  $("share").addEventListener("click", () => toggle(box, $("share")));
}
