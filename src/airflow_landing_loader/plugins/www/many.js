// Choosing many things on a page, and asking for one action on all of them.
import { ask, line, said } from "./asking.js";

const choices = () => [...document.querySelectorAll("[data-choice]:not(:disabled)")];
const chosen = () => choices().filter((box) => box.checked);
const counted = (number, thing) => `${number} ${thing}${number === 1 ? "" : "s"}`;

function byTable(boxes) {
  const tables = new Map();
  for (const box of boxes) {
    const { table } = box.dataset;
    tables.set(table, [...(tables.get(table) ?? []), box]);
  }
  return tables;
}

function inWords(boxes) {
  const tables = byTable(boxes).size;
  return `${counted(boxes.length, "file")}${tables > 1 ? ` of ${tables} tables` : ""}`;
}

// ---- choosing ------------------------------------------------------------------------------
function show() {
  // Another one since the page was taken anew.
  const bar = document.querySelector("[data-chosen]");
  bar.hidden = !document.querySelector("[data-choice]");
  document.body.classList.toggle("choosing", !bar.hidden);
  const boxes = chosen();
  bar.querySelector("[data-count]").textContent = boxes.length
    ? `${inWords(boxes)} chosen`
    : "Nothing is chosen";
  for (const button of bar.querySelectorAll("[data-opens]")) button.disabled = !boxes.length;
  for (const what of document.querySelectorAll("[data-what]")) what.textContent = `${inWords(boxes)}.`;
  bar.querySelector("[data-all]").textContent =
    boxes.length && boxes.length === choices().length ? "Choose none" : "Choose all shown";
  bar.classList.toggle("some", boxes.length > 0);
  for (const all of document.querySelectorAll("[data-chooses]")) {
    const own = choices().filter((box) => box.closest(`#${all.dataset.chooses}`));
    const checked = own.filter((box) => box.checked).length;
    all.checked = checked > 0 && checked === own.length;
    all.indeterminate = checked > 0 && checked < own.length;
    all.disabled = !own.length;
  }
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement)) return;
  if ("chooses" in box.dataset) {
    for (const each of choices()) {
      if (each.closest(`#${box.dataset.chooses}`)) each.checked = box.checked;
    }
  }
  if ("chooses" in box.dataset || "choice" in box.dataset) show();
});

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element) || !event.target.closest("[data-all]")) return;
  const all = choices();
  const on = all.some((box) => !box.checked);
  for (const box of all) box.checked = on;
  show();
});

// ---- asking --------------------------------------------------------------------------------
function told(verb, table, boxes, { link, why }) {
  const what = `${verb} of ${counted(boxes.length, "file")} of ${table}`;
  if (why) return line(`${what} was not taken: ${why}`, { bad: true });
  return line(`${what} is asked for.`, { link, label: `See the run for ${table}` });
}

function done(verb, boxes) {
  for (const box of boxes) {
    box.checked = false;
    box.disabled = true;
    const row = box.closest("tr");
    row.classList.add("sent");
    const tag = document.createElement("span");
    tag.className = "tag idle";
    tag.textContent = `${verb} asked for`;
    row.querySelector("th").append(" ", tag);
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("many" in form.dataset)) return;
  event.preventDefault();
  const { verb, list } = form.dataset;
  const reason = new FormData(form).get("reason") ?? "";
  const lines = [];
  // One request for each table, as rights are those of a table.
  for (const [table, boxes] of byTable(chosen())) {
    const asked = await ask(form, { table, reason, [list]: boxes.map((box) => box.value) });
    if (!asked.why) done(verb, boxes);
    lines.push(told(verb, table, boxes, asked));
    said.replaceChildren(...lines);
  }
  form.reset();
  form.closest("dialog").close();
  show();
});

document.addEventListener("renewed", show);
show();
