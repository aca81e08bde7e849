// Reads the boxes into the shape of an answer, empty ones as null, and hands it over as a file.
"use strict";
const said = document.getElementById("said");
const inputs = [...document.querySelectorAll("input[data-key]")];
const isText = input => input.classList.contains("text");

// A number as people write it, with a comma or a real minus; null for nothing, undefined for what is none.
function read(text) {
  const plain = text.trim().replace(/[−–]/g, "-").replace(",", ".");
  if (plain === "") return null;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) && isFinite(Number(plain)) ? Number(plain) : undefined;
}

function put(answer, key, value) {
  const [part, ...place] = key.split(".");
  if (!place.length) { answer[part] = value; return; }
  const last = place.pop();
  const row = place.reduce((nested, n) => nested[n - 1], answer[part]);
  row[last - 1] = value;
}

document.getElementById("save").addEventListener("click", () => {
  const answer = JSON.parse(document.getElementById("blank").textContent);
  answer.student = document.getElementById("student").value.trim();
  let unread = 0;
  for (const input of inputs) {
    const value = isText(input) ? (input.value.trim() || null) : read(input.value);
    input.classList.toggle("unread", value === undefined);
    unread += value === undefined;
    if (isText(input) && input.dataset.key !== "where") {
      (answer.formulas ??= {})[input.dataset.key] = value;
    } else {
      put(answer, input.dataset.key, value === undefined ? null : value);
    }
  }
  if (!answer.student) { said.textContent = "Please write your student id first."; return; }
  if (unread) { said.textContent = `${unread} of the numbers cannot be read: they are framed.`; return; }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(answer, null, 1)], {type: "application/json"}));
  link.download = `${answer.student.replace(/[^\w.-]/g, "_")}.json`;
  link.click();
  const empty = inputs.filter(input => input.value.trim() === "").length;
  said.textContent = `Saved. ${empty ? `${empty} boxes are empty.` : "Every box is filled."} Hand in the file.`;
});
