// A table that the reader brings: read as a spreadsheet writes it, told what was found, and made to samples.

const SEPARATORS = [...told.separators, " "]; // the first of those that find the most numbers
const MISSING = new Set(told.missing);
const MOST_CLASSES = 3; // that the plane has colours for

const isMissing = (cell) => MISSING.has(cell.toLowerCase());
const quoted = (text) => `“${cutTo(String(text), 24)}”`;
const listed = (names) => cutTo(names.join(", "), 60);
const several = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

// A cell as a number, NaN for none; comma: decimals have one.
function numberIn(cell, comma) {
  const plain = cell.replace(/^[−–]/, "-"), form = comma ? /^[-+]?(\d+(,\d+)?|,\d+)(e[-+]?\d+)?$/i : /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
  return form.test(plain) ? Number(plain.replace(",", ".")) : NaN;
}

function cellsOf(line, separator) { // a cell that begins with " ends with one: it may have separators in it, and "" for a "
  if (separator === " ") return line.trim().split(/\s+/);
  const cells = [""];
  let inside = false;
  for (let at = 0; at < line.length; at++) {
    const c = line[at], cell = cells[cells.length - 1];
    if (c === '"' && inside && line[at + 1] === '"') cells[cells.length - 1] += line[++at];
    else if (c === '"' && (inside || !cell.trim())) inside = !inside;
    else if (c === separator && !inside) cells.push("");
    else cells[cells.length - 1] += c;
  }
  return cells.map((cell) => cell.trim());
}

function mostCommon(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}

// How a text is to be cut: the separator and the sign before decimals with which most of its cells are numbers.
function formOf(lines) {
  let best = { count: -1 };
  for (const separator of SEPARATORS) {
    const rows = lines.map((line) => cellsOf(line, separator)), width = mostCommon(rows.map((row) => row.length));
    if (width < 2) continue;
    for (const comma of separator === "," ? [false] : [false, true]) {
      const count = rows.reduce((total, row) => total + (row.length === width ? row.filter((cell) => Number.isFinite(numberIn(cell, comma))).length : 0), 0);
      if (count > best.count) best = { count, rows, width, comma };
    }
  }
  return best;
}

// The columns of a text, with the number of each row in it.  Throws an Error that names the row.
function tableIn(text) {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n|\r/).map((line, n) => [line, n + 1]).filter(([line]) => line.trim());
  if (!lines.length) throw new Error("There is no row yet.");
  const { rows, width, comma } = formOf(lines.map(([line]) => line));
  if (!rows) throw new Error(`Row 1, ${quoted(lines[0][0].trim())}, has one cell: columns are separated by commas, semicolons, tabs or blanks.`);
  rows.forEach((row, n) => {
    if (row.length !== width) throw new Error(`Row ${n + 1}, ${quoted(lines[n][0].trim())}, has ${several(row.length, "cell")}, and most have ${width}.`);
  });
  const numeric = (cell) => Number.isFinite(numberIn(cell, comma)), below = (c) => rows.slice(1).map((row) => row[c]).filter((cell) => !isMissing(cell));
  const named = rows.length > 1 && !rows[0].some(numeric) && rows[0].some((_, c) => below(c).some(numeric));
  const seen = new Map(), first = named ? 1 : 0;
  // One without a value is a separator too many; one that counts the rows, without a name, is the index that pandas writes.
  const columns = rows[0].map((head, c) => {
    const cells = rows.slice(first).map((row) => row[c]), there = cells.filter((cell) => !isMissing(cell));
    const count = seen.get(head) ?? 0, name = named ? head || `column ${c + 1}` : null;
    seen.set(head, count + 1);
    return { name: name && count ? `${name} ${count + 1}` : name, place: c + 1, cells, there, isNumber: there.length > 0 && 2 * there.filter(numeric).length >= there.length };
  }).filter(({ there, cells }, c) => there.length && (c || !named || rows[0][0] || cells.some((cell, n) => cell !== String(n))));
  if (!columns.length) throw new Error("No cell has a value yet.");
  return { columns, comma, first, count: rows.length - first, named };
}

const columnName = ({ name, place }) => name ?? `column ${place}`;

// --- what is learned of it ------------------------------------------------------------------------------------------

function valuesOf(column, { comma }) { // the different ones, small ones first; whether they may be classes, and numbers
  const { there, isNumber } = column, numbers = there.map((cell) => numberIn(cell, comma));
  const keys = [...new Set(isNumber ? numbers : there)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const whole = isNumber && keys.every(Number.isInteger) && (keys.length < there.length || there.length < 3);
  return { keys: keys.map(String), classes: !isNumber || (whole && keys.length <= MOST_CLASSES) };
}

// What is proposed: the last column that leaves two others of numbers is learned from these.
function proposal(table, target = lastOf(table)) {
  const column = table.columns[target], inputs = table.columns.map((_, c) => c).filter((c) => c !== target && table.columns[c].isNumber);
  return { target, inputs: inputs.slice(0, told.widest), classes: valuesOf(column, table).classes };
}

function lastOf({ columns }) {
  const numbers = columns.filter(({ isNumber }) => isNumber).length, found = columns.findLastIndex(({ isNumber }) => numbers - Number(isNumber) > 1);
  return found < 0 ? columns.length - 1 : found;
}

function numberOf(table, c, n) {
  const column = table.columns[c], cell = column.cells[n], x = numberIn(cell, table.comma);
  if (!Number.isFinite(x)) throw new Error(`Row ${n + 1 + table.first}, ${columnName(column)}: ${quoted(cell)} is no number.`);
  return x;
}

function scaleOver(xs) { // mean and deviation, of large numbers too
  const most = Math.max(...xs.map(Math.abs)) || 1, middle = mean(xs.map((x) => x / most));
  const size = xs.every((x) => x === xs[0]) ? 0 : Math.sqrt(mean(xs.map((x) => (x / most - middle) ** 2)));
  return size ? { mean: middle * most, deviation: size * most } : { mean: xs[0], deviation: 1 };
}

// Rows that have all that is asked for; of too many as many as can be held, evenly spread.
function rowsOf(table, used) {
  const whole = Array.from({ length: table.count }, (_, n) => n).filter((n) => used.every((c) => !isMissing(table.columns[c].cells[n])));
  const kept = whole.length <= told.longest ? whole : Array.from({ length: told.longest }, (_, i) => whole[Math.floor((i * whole.length) / told.longest)]);
  return { kept, holes: table.count - whole.length, cut: whole.length - kept.length };
}

// The table as the page holds points.  Throws an Error that says what is missing, and what to do.
function pointsFrom(table, { target, inputs, classes }) {
  const column = table.columns[target], what = quoted(columnName(column));
  if (inputs.length < 2) throw new Error(`The plane needs two columns of numbers beside the one that is learned, and there ${inputs.length === 1 ? "is one" : "is none"}.`);
  if (inputs.length > told.widest) throw new Error(`${inputs.length} columns are chosen: up to ${told.widest} can go in.`);
  const { kept } = rowsOf(table, [...inputs, target]);
  if (kept.length < 2) throw new Error(`There ${kept.length === 1 ? "is one row" : "is no row"} with all values: it takes two at least.`);
  const rows = kept.map((n) => inputs.map((c) => numberOf(table, c, n)));
  const columns = inputs.map((c, l) => ({ column: table.columns[c].name, ...scaleOver(rows.map((row) => row[l])) }));
  const called = column.name ?? (classes ? "class" : "y"), scaled = {
    title: "your points", inputs: inputs.length, noise: rows.map(() => inputs.map(() => 0)),
    places: rows.map((row) => row.map((x, l) => (x - columns[l].mean) / columns[l].deviation)),
  };
  if (!classes) {
    const ys = kept.map((n) => numberOf(table, target, n)), scale = scaleOver(ys);
    if (ys.every((y) => y === ys[0])) throw new Error(`${what} is ${plainly(ys[0])} in every row: there is nothing to learn.`);
    return { ...scaled, count: 0, targets: ys.map((y) => [(y - scale.mean) / scale.deviation]), table: { columns, target: { column: called, ...scale } } };
  }
  const key = (n) => (column.isNumber ? String(numberOf(table, target, n)) : column.cells[n]), keys = kept.map(key);
  const names = valuesOf(column, table).keys.filter((name) => keys.includes(name));
  if (names.length < 2) throw new Error(`${what} is ${quoted(names[0])} in every row: there is nothing to tell apart.`);
  if (names.length > MOST_CLASSES) throw new Error(`${what} has ${names.length} classes, ${listed(names)}: two or three can be learned here. Learn another column, or bring the rows of three.`);
  return { ...scaled, count: names.length, classes: keys.map((name) => names.indexOf(name)), table: { columns, target: { column: called, classes: names } } };
}

// What was found, in words.
function foundIn(table, { target, inputs }) {
  const { kept, holes, cut } = rowsOf(table, [...inputs, target]), numbers = table.columns.filter(({ isNumber }, c) => isNumber && c !== target).length, texts = table.columns.filter(({ isNumber }, c) => !isNumber && c !== target);
  return [
    `${several(table.count, "row")} of ${several(table.columns.length, "column")}${table.named ? "" : " without names"}${table.comma ? ", decimals with a comma" : ""}.`,
    texts.length ? ` No numbers, and so no inputs: ${listed(texts.map(columnName))}.` : "",
    numbers > told.widest ? ` ${inputs.length} of ${numbers} columns go in, and ${told.widest} may.` : "",
    holes ? ` ${several(holes, "row")} without a value ${holes === 1 ? "is" : "are"} left out.` : "",
    cut ? ` ${kept.length} rows, evenly spread, are taken: the page holds no more.` : "",
  ].join("");
}

// --- the form -----------------------------------------------------------------------------------------------------------

function ownData() {
  const box = make("details"), area = make("textarea"), take = make("button", "", "learn these"), pick = make("input"), open = make("button", "", "open a table");
  const says = make("p", "small"), choices = make("p", "clause"), buttons = make("div", "buttons");
  let table = null, choice = null;
  area.setAttribute("aria-label", "Your points: a table, a line for each row");
  area.placeholder = "length, width, kind\n1.4, 0.2, setosa\n4.7, 1.4, versicolor";
  take.type = open.type = "button";
  says.setAttribute("role", "status");
  Object.assign(pick, { type: "file", accept: ".csv,.tsv,.txt,text/csv,text/plain", hidden: true });
  pick.setAttribute("aria-label", "A table");

  const show = () => { // what was found, and the choices as a sentence
    says.textContent = foundIn(table, choice);
    const names = table.columns.map((column, c) => [c, cutTo(columnName(column), 24)]), { isNumber } = table.columns[choice.target];
    const kind = isNumber ? [" as ", word("own-kind", "What is learned", [[true, "classes"], [false, "numbers"]], choice.classes, (v) => chosen({ classes: v }))] : [];
    const inputs = table.columns.flatMap((column, c) => (c === choice.target || !column.isNumber ? [] : [inputBox(column, c)]));
    choices.replaceChildren("It learns ", word("own-target", "The column to learn", names, choice.target, (v) => chosen(proposal(table, v))), ...kind, " from ", ...inputs);
  };
  const inputBox = (column, c) => {
    const label = make("label"), tick = make("input");
    Object.assign(tick, { type: "checkbox", checked: choice.inputs.includes(c) });
    tick.addEventListener("change", () => chosen({ inputs: table.columns.map((_, n) => n).filter((n) => (n === c ? tick.checked : choice.inputs.includes(n))) }, label));
    label.append(tick, `${cutTo(columnName(column), 24)} `);
    return label;
  };
  const chosen = (some, label = null) => {
    const focused = document.activeElement?.id;
    choice = { ...choice, ...some };
    if (label) says.textContent = foundIn(table, choice);
    else show();
    if (focused) $(focused)?.focus();
  };
  const read = () => {
    [table, choice] = [null, null];
    choices.replaceChildren();
    try {
      table = tableIn(area.value);
      choice = proposal(table);
      show();
    } catch (error) {
      says.textContent = area.value.trim() ? error.message : "";
    }
  };
  area.addEventListener("input", read);
  open.addEventListener("click", () => pick.click());
  pick.addEventListener("change", async () => {
    area.value = await pick.files[0].text();
    pick.value = "";
    read();
  });
  take.addEventListener("click", () => {
    try {
      table ??= tableIn(area.value);
      const pasted = pointsFrom(table, choice ??= proposal(table));
      remember("data");
      state.pasted = pasted;
      change({ data: "own" }, false);
      toggle($("more"), null);
    } catch (error) {
      says.textContent = error.message;
    }
  });
  buttons.append(take, open);
  box.append(make("summary", "", "your own points"), area, says, choices, buttons, pick);
  return box;
}
