// Parts of a page that a task is working on, each with an id and data-refresh, are fetched again until the task is done.
// The waits grow and end, in seconds; after the last one the link to refresh is left.

const WAITS = [2, 2, 3, 5, 8, 13, 20, 30, 60, 60];

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (document.querySelector("dialog[open]")) return;
  const focused = document.activeElement?.id;
  const done = [];
  for (const part of document.querySelectorAll("[data-refresh]")) {
    const next = page.getElementById(part.id);
    if (next && !next.hasAttribute("data-refresh")) done.push(next.dataset.done);
    if (next) part.replaceWith(next);
  }
  if (!done.length) return;
  const head = page.querySelector(".page-head");
  if (head) document.querySelector(".page-head")?.replaceWith(head);
  if (focused) document.getElementById(focused)?.focus();
  document.dispatchEvent(new CustomEvent("announce", { detail: done.join(", ") }));
}

async function look(waits) {
  if (!document.querySelector("[data-refresh]") || !waits.length) return;
  const isBusy = document.hidden || document.querySelector("dialog[open]");
  if (!isBusy) await refresh();
  setTimeout(look, waits[0] * 1000, isBusy ? waits : waits.slice(1));
}

setTimeout(look, WAITS[0] * 1000, WAITS);
