// While a task works on an import, its state is fetched anew every two seconds; when it is done, so is the page.

const EVERY = 2000;

let told = "";

/** Announce each new state and each quarter of the work, not every number. */
function tell(box) {
  const [state, progress] = [box.querySelector(".status")?.textContent.trim() ?? "", box.querySelector("progress[value]")];
  const quarters = progress ? Math.floor((4 * progress.value) / progress.max) : 0;
  const text = quarters ? `${state}, ${25 * quarters} percent` : state;
  if (text !== told) document.dispatchEvent(new CustomEvent("announce", { detail: text }));
  told = text;
}

async function look() {
  const box = document.getElementById("import-state");
  if (!box?.dataset.working) return;
  const answer = await fetch(box.dataset.working, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("import-state");
    if (!next?.dataset.working) return location.reload();
    box.replaceChildren(...next.childNodes);
    tell(box);
  }
  setTimeout(look, EVERY);
}

setTimeout(look, EVERY);
