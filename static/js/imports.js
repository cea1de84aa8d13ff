// While a task works on an import, its state is fetched anew every two seconds; when it is done, so is the page.

const EVERY = 2000;

async function look() {
  const box = document.getElementById("import-state");
  if (!box?.dataset.working) return;
  const answer = await fetch(box.dataset.working, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.getElementById("import-state");
    if (!next?.dataset.working) return location.reload();
    box.replaceChildren(...next.childNodes);
  }
  setTimeout(look, EVERY);
}

setTimeout(look, EVERY);
