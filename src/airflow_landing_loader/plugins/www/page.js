// What pages do beyond being read: times in the viewer's zone, keys, actions, and staying fresh.
import { ask, line, said } from "./asking.js";

// ---- times ---------------------------------------------------------------------------------
const SHORT = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
const thisYear = new Intl.DateTimeFormat(undefined, SHORT);
const anyYear = new Intl.DateTimeFormat(undefined, { year: "numeric", ...SHORT });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const relative = new Intl.RelativeTimeFormat(undefined, { style: "short", numeric: "auto" });
const SPANS = [
  [86400, "day"],
  [3600, "hour"],
  [60, "minute"],
];

function ago(moment) {
  const seconds = (moment - Date.now()) / 1000;
  for (const [length, unit] of SPANS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return relative.format(0, "second");
}

function absolute(moment) {
  const year = new Date().getFullYear();
  return (moment.getFullYear() === year ? thisYear : anyYear).format(moment);
}

function tellTimes(within = document) {
  for (const time of within.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    time.textContent = "ago" in time.dataset ? ago(moment) : absolute(moment);
    time.title = exact.format(moment);
  }
}

// ---- actions -------------------------------------------------------------------------------
// A form with data-action posts what it holds to the API, once its dialog has been answered:
// fields become keys, and data-list names the one that may have several values.
function bodyOf(form) {
  const fields = new FormData(form);
  const list = form.dataset.list;
  const body = {};
  for (const [name, value] of fields) {
    if (name !== list && value !== "") body[name] = value;
  }
  if (list) body[list] = fields.getAll(list);
  return body;
}

async function act(form) {
  const asked = await ask(form, bodyOf(form));
  const { link, why } = asked;
  said.replaceChildren(why ? line(why, { bad: true }) : line(form.dataset.done, { link }));
  form.closest("dialog")?.close();
}

document.addEventListener("submit", (event) => {
  if (!(event.target instanceof HTMLFormElement) || !("action" in event.target.dataset)) return;
  event.preventDefault();
  act(event.target);
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-opens], [data-closes]");
  if (!button) return;
  if ("closes" in button.dataset) return void button.closest("dialog").close();
  document.getElementById(button.dataset.opens).showModal();
});

// ---- keys ----------------------------------------------------------------------------------
const rows = () => [...document.querySelectorAll("[data-row]")];

function step(by) {
  const all = rows();
  const at = all.indexOf(document.activeElement?.closest("[data-row]"));
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  next?.querySelector("a, button, input")?.focus();
}

const KEYS = {
  "/": () => document.querySelector("[data-key='/']")?.focus(),
  j: () => step(1),
  k: () => step(-1),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
});

// ---- staying fresh -------------------------------------------------------------------------
// All parts with data-fresh are taken anew together, so that the header speaks of what stands below
// it: while somebody looks at the page, and uses no part of it.
const EVERY = 30_000;
const PATIENCE = 120_000;
const PUSHED = ".sheet, pre";
let renewed = new Date();

const partsOf = (page) => [...page.querySelectorAll("[data-fresh]")];

function isChanged(field) {
  if (field.closest("dialog")) return false; // it is closed, and what was written there is done with
  if (field instanceof HTMLSelectElement) {
    const first = [...field.options].findIndex((option) => option.defaultSelected);
    return field.selectedIndex !== Math.max(first, 0);
  }
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  return field.value !== field.defaultValue;
}

function isInUse(part) {
  const fields = [...part.querySelectorAll("input, select, textarea")];
  return part.contains(document.activeElement) || fields.some(isChanged);
}

function isFree() {
  const busy = document.querySelector("dialog[open]") || !document.getSelection().isCollapsed;
  return !busy && !partsOf(document).some(isInUse);
}

// What somebody has opened, or pushed to the side, stays so.
function exchange(part, fresh) {
  const open = [...part.querySelectorAll("details[open] > summary")].map((each) => each.textContent);
  const pushed = [...part.querySelectorAll(PUSHED)].map((each) => each.scrollLeft);
  for (const summary of fresh.querySelectorAll("details > summary")) {
    summary.parentElement.open = open.includes(summary.textContent);
  }
  tellTimes(fresh);
  part.replaceWith(document.adoptNode(fresh));
  [...fresh.querySelectorAll(PUSHED)].forEach((each, at) => (each.scrollLeft = pushed[at] ?? 0));
}

function notRenewed(why) {
  const note = document.createElement("span");
  note.className = "stale";
  const time = document.createElement("time");
  time.dateTime = renewed.toISOString();
  note.append("Not renewed since ", time, `: ${why}`);
  tellTimes(note);
  const standing = document.querySelector(".standing");
  standing.querySelector(".stale")?.remove();
  standing.append(note);
}

// The page as it is now, or why it cannot be had.
async function taken() {
  try {
    const answer = await fetch(location.href, {
      headers: { accept: "text/html" },
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.redirected) return { why: "log in again" };
    if (!answer.ok) return { why: `the server answers ${answer.status}` };
    return { page: new DOMParser().parseFromString(await answer.text(), "text/html") };
  } catch {
    return { why: "the server does not answer" };
  }
}

async function renew() {
  if (document.hidden || !isFree()) return;
  const { page, why } = await taken();
  if (why) return void notRenewed(why);
  const fresh = new Map(partsOf(page).map((part) => [part.dataset.fresh, part]));
  const parts = partsOf(document);
  if (parts.some((part) => !fresh.has(part.dataset.fresh))) return void notRenewed("load it again");
  if (!isFree()) return; // since it was asked for
  for (const part of parts) exchange(part, fresh.get(part.dataset.fresh));
  renewed = new Date();
  document.dispatchEvent(new Event("renewed"));
}

// The next one begins when one has ended, however long that takes.
function keepFresh() {
  setTimeout(() => renew().finally(keepFresh), EVERY);
}

tellTimes();
setInterval(() => tellTimes(), EVERY);
if ("renews" in document.body.dataset) keepFresh();
