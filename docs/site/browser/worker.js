// Python in a worker.  It is asked to start, to take wheels, to run a block; what a block shows is sent on the way.
"use strict";
self.importScripts = undefined; // Pyodide refuses workers that have it, and a page from disk can start no others
const TELL = 50; // milliseconds between messages, so that a loop that prints does not choke the page
let python, waiting = [], told = 0;

const address = (bytes, type) => URL.createObjectURL(new Blob([bytes], { type }));
const text = (bytes) => new TextDecoder().decode(bytes);

function flush() {
  if (waiting.length) postMessage({ shown: waiting });
  waiting = [];
  told = performance.now();
}

// Called from page.py.
self.deltagradShow = (kind, content) => {
  const last = waiting[waiting.length - 1];
  if (kind === "text" && last?.[0] === "text") last[1] += content;
  else waiting.push([kind, content]);
  if (performance.now() - told > TELL) flush();
};

async function start({ files, interrupts }) {
  // The interpreter fetches its machine code by name: it is here already.
  const machine = address(files["pyodide.asm.wasm"], "application/wasm"), fetched = self.fetch.bind(self);
  self.fetch = (what, ...more) =>
    fetched(String(what?.url ?? what).endsWith("pyodide.asm.wasm") ? machine : what, ...more);
  const [{ loadPyodide }, interpreter, { Graphviz }] = await Promise.all(
    ["pyodide.mjs", "pyodide.asm.mjs", "graphviz.js"].map((name) => import(address(files[name], "text/javascript"))));
  const [started, graphviz] = await Promise.all([
    loadPyodide({
      indexURL: "https://offline.invalid/", // asked for nothing: all that it would look up there is given
      createPyodideModule: interpreter.default,
      stdLibURL: address(files["python_stdlib.zip"], "application/zip"),
      lockFileContents: { ...JSON.parse(text(files["pyodide-lock.json"])), packages: {} },
    }),
    Graphviz.load(),
  ]);
  python = started;
  if (interrupts) python.setInterruptBuffer(interrupts);
  self.deltagradLayout = (dot, format) => graphviz.layout(dot, format, "dot");
  take(files);
  for (const name of Object.keys(files)) if (name.endsWith(".py")) python.FS.writeFile(name, files[name]);
  python.runPython("import page");
  return {};
}

function take(files) {
  for (const [name, bytes] of Object.entries(files)) if (name.endsWith(".whl")) python.unpackArchive(bytes, "wheel");
  python.runPython("import importlib; importlib.invalidate_caches()");
  return {};
}

function run({ code, number, echo }) {
  const page = python.pyimport("page");
  try {
    return { good: page.run(code, number, echo) };
  } finally {
    page.destroy();
  }
}

self.onmessage = async ({ data }) => {
  let answer;
  try {
    answer = data.files ? await (python ? take(data.files) : start(data)) : run(data);
  } catch (error) { // not an error of Python's: the interpreter itself is lost
    answer = { lost: String(error?.message ?? error).split("\n")[0] };
  }
  flush();
  postMessage({ id: data.id, ...answer });
};
