// Finding in a long list of choices: what is ticked stays on top, the rest follows what is typed. More than 200
// choices are asked of the server, which answers only what the person may see.

function item(name, { value, text }) {
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", name, value, className: "form-check-input" });
  const words = Object.assign(document.createElement("span"), { className: "form-check-label", textContent: text });
  label.className = "form-check";
  label.append(box, words);
  return label;
}

function note(choices, shown) {
  const none = choices.querySelector(".choices-none");
  none.textContent = "Nothing matches.";
  none.hidden = shown > 0;
}

function narrow(choices, term) {
  const wanted = term.trim().toLocaleLowerCase();
  const items = [...choices.querySelectorAll(".choices-list > .form-check")];
  for (const one of items) {
    one.hidden = !one.querySelector("input").checked && !one.textContent.toLocaleLowerCase().includes(wanted);
  }
  note(choices, items.filter((one) => !one.hidden).length);
}

async function ask(choices, term) {
  const answer = await fetch(`${choices.dataset.choices}&term=${encodeURIComponent(term)}`);
  if (!answer.ok) return;
  const list = choices.querySelector(".choices-list");
  const kept = [...list.children].filter((one) => one.querySelector("input").checked);
  const known = new Set(kept.map((one) => one.querySelector("input").value));
  const found = (await answer.json()).choices.filter(({ value }) => !known.has(value));
  list.replaceChildren(...kept, ...found.map((choice) => item(choices.dataset.name, choice)));
  note(choices, list.children.length);
}

let waiting = null;
document.addEventListener("input", (event) => {
  const field = event.target.closest(".choices .find input");
  if (!field) return;
  const choices = field.closest(".choices");
  clearTimeout(waiting);
  if (choices.dataset.choices) waiting = setTimeout(() => ask(choices, field.value), 200);
  else narrow(choices, field.value);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches(".choices .find input")) event.preventDefault();
});
