// Code blocks that can be edited and run in the page, by Python in a worker, out of this site's own files.
(() => {
  "use strict";
  const { files: PARTS, bytes: BYTES } = window.deltagradParts;
  const here = document.currentScript.src.replace(/[^/]*$/, "");
  const ON_DEMAND = { sympy: /\b(sympy|mpmath|prove\w*)\b/ }; // what a block says that needs it
  const BLOCKS = ".highlight-python, .highlight-python3, .highlight-pycon, .highlight-ipython3, .highlight-default.doctest";
  const LONGEST = 200_000; // characters of text under a block
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
  const made = (tag, properties) => Object.assign(document.createElement(tag), properties);

  // --- files, which come as scripts ------------------------------------------------------------------------------

  const files = {}, arriving = {};
  window.deltagradPart = async (name, text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    arriving[name](new Uint8Array(await new Response(plain).arrayBuffer()));
  };
  const file = (name) => (files[name] ??= new Promise((resolve, reject) => {
    arriving[name] = resolve;
    const script = made("script", { src: `${here}parts/${name}.js` });
    script.onerror = () => { delete files[name]; reject(new Error(`${name} did not arrive`)); };
    document.head.append(script);
  }));
  async function part(name, say) {
    let come = 0;
    const count = () => say(`${name === "start" ? "Python" : "SymPy"} is being loaded, ${megabytes(BYTES[name])}: ${come} of ${PARTS[name].length} files`);
    count();
    return Object.fromEntries(await Promise.all(PARTS[name].map(async (each) => {
      const bytes = await file(each);
      come += 1; count();
      return [each, bytes];
    })));
  }

  // --- the worker --------------------------------------------------------------------------------------------------

  let worker = null, ready = null, lives = 0, loaded = new Set(), answers = new Map(), number = 0, show = () => {};
  // Where a host isolates its pages, Python can be interrupted and keeps its names; elsewhere its worker is ended.
  const interrupts = self.crossOriginIsolated ? new Uint8Array(new SharedArrayBuffer(1)) : null;

  const ask = (message) => new Promise((resolve) => {
    answers.set(number += 1, resolve);
    worker.postMessage({ id: number, ...message });
  });

  function begin(say) {
    if (ready) return ready;
    const mine = started(say).catch((error) => { if (ready === mine) ready = null; throw error; });
    return (ready = mine);
  }

  async function started(say) {
    const life = lives, began = performance.now(), given = await part("start", say);
    if (life !== lives) throw new Error("stopped");
    say("Python starts");
    const loading = performance.now() - began;
    worker = new Worker(URL.createObjectURL(new Blob([given["worker.js"]], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => {
      if (data.shown) { data.shown.forEach((each) => show(...each)); return; }
      answers.get(data.id)?.(data);
      answers.delete(data.id);
    };
    worker.onerror = (error) => end({ lost: error.message });
    const { lost, stopped } = await ask({ files: given, interrupts });
    if (lost) end({});
    if (lost || stopped) throw new Error(lost ?? "stopped");
    window.deltagradTimes = { loading: Math.round(loading), all: Math.round(performance.now() - began) };
  }

  // The worker is gone, and every name with it: blocks that had run will run again before the next one.
  function end(answer) {
    worker?.terminate();
    worker = ready = null; loaded = new Set(); lives += 1;
    blocks.forEach((block) => { block.ran = false; });
    const left = [...answers.values()];
    answers = new Map();
    left.forEach((resolve) => resolve(answer));
  }

  // --- blocks ------------------------------------------------------------------------------------------------------

  const prompted = (text) => /^>>> /m.test(text);
  const code = (text) => (prompted(text)
    ? text.split("\n").filter((line) => /^(>>>|\.\.\.)( |$)/.test(line)).map((line) => line.slice(4)).join("\n")
    : text).replace(/ *# doctest: .*$/gm, "").trimEnd();

  class Block {
    constructor(element, index) {
      const text = element.querySelector("pre").textContent;
      this.number = index + 1; this.element = element; this.original = code(text); this.echo = prompted(text); this.ran = false;
      this.area = made("textarea", { className: "run-code", value: this.original, spellcheck: false, hidden: true });
      this.area.setAttribute("aria-label", `Python code, block ${this.number}`);
      this.area.setAttribute("autocapitalize", "off");
      const button = (textContent, onclick, hidden = false) => made("button", { type: "button", textContent, onclick, hidden });
      this.go = button("Edit and run", () => this.start());
      this.stopping = button("Stop", () => stop(this), true);
      this.back = button("Reset", () => this.reset(), true);
      this.state = made("span", { className: "run-state" });
      this.state.setAttribute("role", "status");
      this.bar = made("div", { className: "run-bar" });
      this.bar.append(this.go, this.stopping, this.back, this.state);
      this.output = made("div", { className: "run-output" });
      element.after(this.area, this.bar, this.output);
      this.stored = element.closest(".cell")?.querySelector(":scope > .cell_output"); // what the notebook was saved with
      this.area.oninput = () => { this.grow(); this.ran = false; };
      this.area.onkeydown = (event) => this.key(event);
    }

    grow() { this.area.rows = this.area.value.split("\n").length; }

    key(event) {
      if (event.key !== "Enter") return;
      if (event.ctrlKey || event.metaKey || event.shiftKey) { event.preventDefault(); this.start(); return; }
      const { value, selectionStart: at, selectionEnd: to } = this.area;
      const line = value.slice(value.lastIndexOf("\n", at - 1) + 1, at);
      event.preventDefault(); // the next line begins where this one does, or four further in
      this.area.setRangeText(`\n${/^ */.exec(line)[0]}${/:\s*$/.test(line) ? "    " : ""}`, at, to, "end");
      this.area.dispatchEvent(new Event("input"));
    }

    start() {
      if (this.area.hidden) {
        this.area.hidden = false; this.element.hidden = true; this.back.hidden = false;
        this.go.textContent = "Run (Ctrl+Enter)";
        this.grow();
      }
      return run(this);
    }

    reset() {
      this.area.value = this.original; this.area.hidden = true; this.element.hidden = false; this.back.hidden = true;
      this.go.textContent = "Edit and run"; this.ran = false; this.say(""); this.clear();
      if (this.stored) this.stored.hidden = false;
    }

    say(text) { this.state.textContent = text; }
    clear() { this.output.replaceChildren(); this.length = 0; }

    show(kind, content) {
      if (this.stored) this.stored.hidden = true;
      if (kind === "html") { this.output.append(made("div", { innerHTML: content })); return; }
      const room = LONGEST - this.length, last = this.output.lastElementChild;
      if (room <= 0) return;
      this.length += content.length;
      const text = content.length > room ? `${content.slice(0, room)}\n… the rest is left out` : content;
      if (kind === "text" && last?.className === "run-text") last.append(text);
      else this.output.append(made("pre", { className: `run-${kind}`, textContent: text }));
    }
  }

  // One run after the other; what was waiting when somebody pressed Stop does not begin.
  let running = Promise.resolve(), stops = 0;
  function run(block) {
    const then = stops;
    block.say("waits for the block before");
    return (running = running.then(() => (then === stops ? one(block, then) : block.say(""))));
  }

  const ANEW = "Python starts anew with the next run, after the blocks above it.";

  async function one(block, then) {
    const todo = [...blocks.slice(0, block.number - 1).filter((before) => !before.ran), block], began = performance.now();
    block.clear();
    block.stopping.hidden = false;
    try {
      await begin((text) => block.say(text));
      for (const [name, wanted] of Object.entries(ON_DEMAND)) {
        if (then === stops && !loaded.has(name) && todo.some((each) => wanted.test(each.area.value))) {
          await ask({ files: await part(name, (text) => block.say(text)) });
          loaded.add(name);
        }
      }
      const failed = [];
      for (const each of todo) {
        if (then !== stops) { block.say(worker ? "Stopped; what was computed before is kept." : `Stopped. ${ANEW}`); return; }
        block.say(each === block ? "runs" : `block ${each.number} above runs first`);
        each.clear();
        show = (kind, content) => { if (each === block || kind === "error") each.show(kind, content); };
        if (interrupts) interrupts[0] = 0;
        const { good, lost, stopped } = await ask({ code: each.area.value, number: each.number, echo: each.echo });
        if (stopped) { block.say(`Stopped. ${ANEW}`); return; }
        if (lost) {
          end({});
          each.show("error", `Python in this page came to its end (${lost}).`);
          block.say(ANEW);
          return;
        }
        each.ran = true;
        if (!good && each !== block) failed.push(each.number);
      }
      const above = failed.length ? `; what failed above: block ${failed.join(", ")}` : "";
      block.say(`${((performance.now() - began) / 1000).toFixed(1)} s${above}`);
    } catch (error) {
      block.say(error.message === "stopped" ? `Stopped. ${ANEW}` : `Python cannot be loaded: ${error.message}`);
    } finally {
      block.stopping.hidden = true;
    }
  }

  function stop(block) {
    stops += 1;
    if (interrupts && interrupts[0] === 0 && worker && !block.asked) {
      interrupts[0] = 2; // SIGINT
      block.asked = setTimeout(() => { if (!block.stopping.hidden) end({ stopped: true }); block.asked = 0; }, 2000);
    } else {
      end({ stopped: true });
    }
  }

  const blocks = [...document.querySelectorAll(BLOCKS)].filter((element) => !element.closest("dl.py"))
    .map((element, index) => new Block(element, index));
  window.deltagradBlocks = blocks; // for tests
})();
