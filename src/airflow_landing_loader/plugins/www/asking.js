// Asking the API for an action, and telling how it was answered.

export const said = document.getElementById("said");

// The run that does it, or why none does; the form's buttons are off meanwhile.
export async function ask(form, body) {
  const buttons = [...form.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) return { link: told.links?.run };
    const errors = (told.errors ?? []).map((error) => `${error.where}: ${error.message}`);
    const why = [told.detail ?? `The server answered ${answer.status}.`, told.hint, ...errors];
    return { why: why.filter(Boolean).join(" ") };
  } catch {
    return { why: "The server does not answer. Nothing was asked for; try again." };
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

export function line(text, { bad = false, link = null, label = "See the run" } = {}) {
  const line = document.createElement("p");
  line.className = bad ? "bad" : "good";
  line.textContent = text;
  if (link) {
    const way = document.createElement("a");
    way.href = link;
    way.target = "_top";
    way.textContent = label;
    line.append(" ", way);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "close";
  close.setAttribute("aria-label", "Close the message");
  close.textContent = "\u00d7";
  close.addEventListener("click", () => line.remove());
  line.append(close);
  return line;
}
