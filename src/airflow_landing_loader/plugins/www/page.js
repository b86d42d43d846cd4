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
// Parts with data-fresh are taken anew while somebody looks and does nothing in them.
const EVERY = 30_000;

function isInUse(part) {
  return part.contains(document.activeElement) || !document.getSelection().isCollapsed;
}

async function refresh() {
  if (document.hidden || document.querySelector("dialog[open]")) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const fresh = page.querySelector(`[data-fresh="${part.dataset.fresh}"]`);
    if (!fresh || isInUse(part)) continue;
    tellTimes(fresh);
    part.replaceWith(document.adoptNode(fresh));
  }
}

tellTimes();
if (document.querySelector("[data-fresh]")) {
  setInterval(() => refresh().catch(() => {}), EVERY); // the next one may reach the server
}
