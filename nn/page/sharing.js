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
  const { network, settings } = state, parameters = {};
  network.layers.forEach(({ n, m }, k) => {
    for (let i = 0; i < m; i++) for (let l = 0; l <= n; l++) {
      if (l === n && !network.biased) continue;
      parameters[l < n ? named("θ", k + 1, i + 1, l + 1) : named("b", k + 1, i + 1)] = network.theta[network.place(k, i, l)];
    }
  });
  const architecture = {
    nin: network.sizes[0], nouts: network.sizes.slice(1), activation: settings.hidden.length ? settings.sigma : settings.output,
    output_activation: settings.output, bias: network.biased,
  };
  return { format: told.format.format, version: told.format.version, architecture, parameters };
}

function takeNetwork({ architecture: shape, parameters }) { // Throws where the page cannot hold it
  const outs = shape?.nouts, fits = Array.isArray(outs) && outs.length >= 1 && outs.length - 1 <= told.deepest && outs.every((m) => isWhole(m, 1, told.widest));
  const settings = { ...state.settings, hidden: (outs ?? []).slice(0, -1), sigma: shape?.activation, output: shape?.output_activation ?? shape?.activation };
  if (!fits || shape.nin !== inputsOf(settings) || outs.at(-1) !== outputsOf(settings)) {
    throw new Error(`A network of ${state.network.sizes[0]} inputs, at most ${told.deepest} hidden layers of ${told.widest} and ${state.network.outputs} outputs fits here.`);
  }
  if (!(settings.sigma in engine.SIGMA) || !outputsAllowed(settings).includes(settings.output)) throw new Error("Its σ do not fit what it learns here.");
  const theta = new Network([shape.nin, ...outs], outs.map(() => "linear"), settings.loss);
  theta.layers.forEach(({ n, m }, k) => {
    for (let i = 0; i < m; i++) for (let l = 0; l <= n; l++) {
      const x = parameters?.[l < n ? named("θ", k + 1, i + 1, l + 1) : named("b", k + 1, i + 1)] ?? (l === n && shape.bias === false ? 0 : NaN);
      if (!Number.isFinite(x)) throw new Error("A number of its θ is missing.");
      theta.theta[theta.place(k, i, l)] = x;
    }
  });
  remember("network");
  state.settings = settings;
  resample();
  rebuild(false);
  state.network.theta.set(theta.theta);
  state.pure = false;
  redraw();
}

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
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      return "The link to this moment is in the address bar.";
    }
    return "The link to this moment is copied.";
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
