// The table that the points come from, as a Model's file has it: names and scales of its columns, and what is
// predicted.  The page computes on the scales, as the network does; names and units are what it shows.

const listOf = (x) => (Array.isArray(x) ? x : [x]);

const inputNames = ({ columns }) =>
  columns.flatMap(({ column, categories }) => (categories ? categories.map((each) => `${column}=${each}`) : [column ?? ""]));

const scaleOf = ({ columns }) => ({ mean: columns.flatMap((c) => c.mean), deviation: columns.flatMap((c) => c.deviation) });

const cutTo = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// What an input, a class and the target are called; without a table as the lecture calls them.
const inputName = (l) => (state.table && inputNames(state.table)[l]) || "";
const calledInput = (l) => inputName(l) || `x${below(l + 1)}`;
const className = (c) => String(state.table?.target.classes?.[c] ?? `class ${c + 1}`);
const targetOf = (table) => (table && table.target.column !== "y" ? table.target.column : "");
const targetCalled = () => targetOf(state.table);

// A number of the network's in the table's unit; null where the table says nothing of it.
function inUnit(z, l) {
  if (!state.table) return null;
  const { mean, deviation } = scaleOf(state.table);
  return mean[l] === 0 && deviation[l] === 1 ? null : mean[l] + deviation[l] * z;
}

function targetInUnit(z) {
  const { mean, deviation } = state.table?.target ?? {};
  return mean === undefined ? null : listOf(mean)[0] + listOf(deviation)[0] * z;
}

const plainly = (x) => String(Number(x.toPrecision(3))).replace(/e\+?(.*)/, (_, e) => `×10${superscript(e)}`).replace("-", "−");

// All of it as a sentence.
function tableInWords({ columns, target }) {
  const scaled = ({ column, categories, mean, deviation }, l) => (categories ? `${column} (${categories.join(", ")})`
    : `${column || `column ${l + 1}`} (mean ${plainly(listOf(mean)[0])}, deviation ${plainly(listOf(deviation)[0])})`);
  const told = target.classes ? `: ${target.classes.join(", ")}`
    : target.mean === undefined ? "" : ` (mean ${plainly(listOf(target.mean)[0])}, deviation ${plainly(listOf(target.deviation)[0])})`;
  return `It reads ${columns.map(scaled).join(", ")}, and tells ${target.column}${told}. A number x goes in as (x − mean) / deviation.`;
}

// --- read from a file, or sent ------------------------------------------------------------------------------------------

const isText = (x) => typeof x === "string";
const isSigma = (x) => isText(x) && Object.hasOwn(engine.SIGMA, x);

function checkedScale(entry, count, what) { // as numbers, or as lists of them
  const [mean, deviation] = [listOf(entry.mean), listOf(entry.deviation)];
  if (!isNumbers(mean, count) || !isNumbers(deviation, count) || !deviation.every((d) => d > 0)) throw new Error(`The scale of ${what} is none.`);
  return { mean: count === 1 ? mean[0] : mean, deviation: count === 1 ? deviation[0] : deviation };
}

// A table whose entries are what they have to be.  Throws an Error that says which is not.
function checkedTable(sent) {
  if (!Array.isArray(sent?.columns) || !sent.columns.length || !isText(sent.target?.column)) throw new Error("The file's model has no columns, or no target.");
  const columns = sent.columns.map((entry, l) => {
    const name = entry?.column ?? null, categories = entry?.categories;
    if (name !== null && !isText(name)) throw new Error(`Column ${l + 1} has no name.`);
    if (categories !== undefined && !(Array.isArray(categories) && categories.every(isText))) throw new Error(`The categories of column ${l + 1} are no text.`);
    return { column: name, ...(categories ? { categories: [...categories] } : {}), ...checkedScale(entry, categories?.length ?? 1, `column ${l + 1}`) };
  });
  const { column, loss, classes, mean } = sent.target, target = { column };
  if (isText(loss)) target.loss = loss;
  if (classes !== undefined) {
    if (!Array.isArray(classes) || !classes.every((c) => isText(c) || Number.isFinite(c) || typeof c === "boolean")) throw new Error("The classes have no names.");
    target.classes = [...classes];
  } else if (mean !== undefined) Object.assign(target, checkedScale(sent.target, listOf(mean).length, column));
  const { low, threshold, output } = sent.code ?? {}; // how one output says a class, and with which last σ
  return { columns, target, ...(isNumbers([low, threshold], 2) && isText(output) ? { code: { low, threshold, output } } : {}) };
}

// What a file's class_rule says, in the page's words; of several outputs the largest wins anyway.
function ruled(table, rule, output) {
  if (!table || !isNumbers(rule?.bounds, 1) || !isNumbers(rule.between, 1)) return table;
  return { ...table, code: { low: 2 * rule.between[0] - 1, threshold: rule.bounds[0], output } };
}

const sameColumns = (a, b) => a && b && inputNames(a).some(Boolean) && JSON.stringify(inputNames(a)) === JSON.stringify(inputNames(b));

// A point on another table's scales: row and class stay what they are.
function rescaled(point, from, to) {
  const [a, b] = [scaleOf(from), scaleOf(to)], ratio = (l) => a.deviation[l] / b.deviation[l];
  const found = { ...point, place: point.place.map((x, l) => x * ratio(l) + (a.mean[l] - b.mean[l]) / b.deviation[l]), noise: point.noise.map((x, l) => x * ratio(l)) };
  if (to.target.classes) {
    const c = to.target.classes.indexOf(from.target.classes?.[point.c]);
    delete found.y; // the class as this network takes it
    return { ...found, c: c < 0 ? point.c : c };
  }
  if (!point.y || from.target.mean === undefined || to.target.mean === undefined) return found;
  const [mean, deviation, newMean, newDeviation] = [from.target.mean, from.target.deviation, to.target.mean, to.target.deviation].map(listOf);
  return { ...found, y: Array.from(point.y, (y, i) => (y * deviation[i] + mean[i] - newMean[i]) / newDeviation[i]) };
}

// --- a Model's file: which points of the page it can be shown with ------------------------------------------------------------

// Settings with these layers that one of the page's sets of points fits, those with its columns first; null: none does.
function settingsFor(sizes, sigmas, table) {
  const { settings } = state, output = sigmas.at(-1), loss = table?.target.loss ?? settings.loss;
  const sets = [...new Set([settings.data, ...(told.given ? ["given"] : []), ...(state.pasted ? ["own"] : []), ...Object.keys(told.datasets)])];
  if (table) sets.sort((a, b) => Number(sameColumns(tableOf({ data: b }), table) ?? 0) - Number(sameColumns(tableOf({ data: a }), table) ?? 0));
  for (const data of table ? sets : [settings.data]) {
    const found = fitted({ ...settings, data, loss, output, hidden: sizes.slice(1, -1), sigma: sigmas.length > 1 ? sigmas.slice(0, -1) : output });
    const fits = inputsOf(found) === sizes[0] && outputsOf(found) === sizes.at(-1) && found.loss === loss && found.output === output;
    if (fits && (!table || (table.target.classes?.length ?? 0) === classesOf(found))) return found;
  }
  return null;
}
