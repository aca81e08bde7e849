// What both pages begin with: elements, and how numbers are written and colours chosen, text.py and theme.py once more.
"use strict";

const $ = (id) => document.getElementById(id);

function make(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text; // never innerHTML: a label is text
  return made;
}

// --- numbers ------------------------------------------------------------------------------------------

// Half to even, as Python rounds; toFixed and toExponential round half up.
function toEven(exact, keep, otherwise) {
  const tie = /^\.?50*$/.test(exact.slice(keep)) && /[02468]$/.test(exact.slice(0, keep));
  return tie ? exact.slice(0, keep) : otherwise;
}

function significant(x, digits) { // and a power of ten
  const [figures, power] = x.toExponential(100).split("e");
  const even = toEven(figures, digits + 1, "");
  return even ? [even, Number(power)] : x.toExponential(digits - 1).split("e").map((part, i) => (i ? Number(part) : part));
}

function fixed(x, decimals) {
  const exact = x.toFixed(100);
  return toEven(exact, exact.indexOf(".") + (decimals && decimals + 1), x.toFixed(decimals));
}

function signed(x, digits = 3) {
  if (x !== x) return "nan";
  if (x === 0) return "0";
  const sign = x > 0 ? "+" : "−", size = Math.abs(x);
  if (size === Infinity) return `${sign}∞`;
  const [figures, power] = significant(size, digits), plain = -3 <= power && power <= 3;
  return sign + (plain ? fixed(size, Math.max(0, digits - 1 - power)) : `${figures}×10${superscript(power)}`);
}

const superscript = (e) => String(e).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
const short = (x, digits = 3) => signed(x, digits).replace(/^\+/, "");
const bracketed = (text) => (text.startsWith("−") ? `(${text})` : text);
const DIGITS = Object.fromEntries([..."⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉"].map((c, i) => [c, String(i % 10)]));
const plain = (text) => text.replace(/./g, (c) => DIGITS[c] ?? c); // raised and lowered digits on the line
const exact = (x) => (Number.isFinite(x) ? String(x).replace("-", "−") : short(x));

// --- colours ------------------------------------------------------------------------------------------

const systemDark = matchMedia("(prefers-color-scheme: dark)");
const dark = () => (document.documentElement.dataset.theme ?? (systemDark.matches ? "dark" : "light")) === "dark";
const rgb = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
const between = (a, b, t) => {
  const from = rgb(a), to = rgb(b);
  return "#" + from.map((p, i) => Math.round(p + (to[i] - p) * t).toString(16).padStart(2, "0")).join("").toUpperCase();
};

function strength(g, largest) {
  if (g !== g) return 0;
  if (Math.abs(g) === Infinity || largest <= 0) return g ? 1 : 0;
  return Math.min(1, Math.sqrt(Math.abs(g) / largest));
}

function gradientColour(scale, g, largest, atLeast = 0) {
  if (g === 0 || g !== g) return scale.zero;
  const t = Math.max(atLeast, strength(g, largest)), [pale, middle, strong] = g > 0 ? scale.positive : scale.negative;
  return t < 0.5 ? between(pale, middle, 2 * t) : between(middle, strong, 2 * t - 1);
}

function inkOn(background) {
  const luminance = (c) => {
    const [r, g, b] = rgb(c).map((v) => (v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (c) => {
    const [low, high] = [luminance(c), luminance(background)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const ink = contrast("#0F172A") >= contrast("#FFFFFF") ? "#0F172A" : "#FFFFFF";
  return contrast(ink) >= 4.5 ? ink : "#000000"; // what WCAG asks for: of black and white one always has it
}

