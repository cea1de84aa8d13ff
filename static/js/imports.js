// While a task works on an import, its state is fetched every two seconds; when it is done, the page is loaded again.
// A screen reader is told when the work begins another step and when it ends, not of each line.

const EVERY = 2000;
const KEY = "msc-import";
const say = (text) => document.dispatchEvent(new CustomEvent("announce", { detail: text }));
const step = (box) => box.querySelector(".status")?.textContent.trim();

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
    if (!next?.dataset.working) {
      sessionStorage.setItem(KEY, location.pathname);
      return location.reload();
    }
    if (step(next) !== step(box)) say(step(next));
    box.replaceChildren(...next.childNodes);
    tell(box);
  }
  setTimeout(look, EVERY);
}

if (sessionStorage.getItem(KEY) === location.pathname) {
  sessionStorage.removeItem(KEY);
  const lines = document.getElementById("import-state").innerText.split("\n").map((line) => line.trim());
  say(lines.filter(Boolean).join(" "));
}
setTimeout(look, EVERY);
