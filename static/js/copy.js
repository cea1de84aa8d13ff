// Buttons that copy a text, save it as a file or print the page.

const SHOWN_MS = 4000;

/** Put a text on the clipboard; where the browser offers none (plain http), by a selection. */
async function put(text, beside) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement("textarea"), { value: text });
  beside.after(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  beside.focus();
  if (!done) throw new Error("refused");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const word = button.querySelector("span"), status = button.nextElementSibling;
  const said = await put(button.dataset.copy, button).then(() => "Copied", () => "Select the text and copy it");
  word.textContent = status.textContent = said;
  setTimeout(() => { word.textContent = "Copy"; status.textContent = ""; }, SHOWN_MS);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
  const saving = event.target.closest("[data-save]");
  if (!saving) return;
  const href = URL.createObjectURL(new Blob([saving.dataset.save], { type: "text/plain" }));
  Object.assign(document.createElement("a"), { href, download: saving.dataset.name }).click();
  URL.revokeObjectURL(href);
});

// Snippets get their button here, for it copies the text as it is shown.
for (const code of document.querySelectorAll("pre.code")) {
  const line = document.createElement("p");
  line.className = "copying";
  line.innerHTML = '<button type="button" class="btn" aria-label="Copy the commands"><span>Copy</span></button><span class="visually-hidden" role="status"></span>';
  line.firstElementChild.dataset.copy = code.textContent;
  code.after(line);
}
