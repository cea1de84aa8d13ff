// A list's results: announced when they change, kept in the address, and menus placed where the browser cannot.

const results = () => document.getElementById("results");

function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** Load an address of the list into the results part. */
function show(address, { push = true } = {}) {
  return htmx.ajax("GET", address, { source: results(), target: "#results", swap: "outerHTML", push: push ? "true" : "false" });
}

/** The address that a form with method GET would go to, without its empty fields. */
function addressOf(form) {
  const query = new URLSearchParams([...new FormData(form)].filter(([name, value]) => value !== "" && !name.startsWith("find-")));
  const path = form.getAttribute("action") || location.pathname;
  return query.size ? `${path}?${query}` : path;
}

// Other scripts ask by events, so that no file names another: their addresses carry a hash.
document.addEventListener("list:show", (event) => show(event.detail, { push: false }));
document.addEventListener("announce", (event) => announce(event.detail));

let sorted = results()?.dataset.sorted;
document.addEventListener("htmx:after:swap", () => {
  const { announce: text, sorted: now } = results()?.dataset ?? {};
  if (text) announce(now === sorted ? text : `${text}, ${now}`);
  sorted = now;
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-results]") || event.submitter?.name || !results()) return;
  event.preventDefault();
  form.closest("dialog")?.close();
  show(addressOf(form));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-results]");
  if (link && results()) {
    event.preventDefault();
    link.closest("dialog")?.close();
    show(link.getAttribute("href"));
  }
  event.target.closest("[data-dismiss]")?.parentElement.remove();
});

// A new search goes without empty fields, so that the address stays readable.
document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.sourceElement.id === "search" && ctx.request.body.get("q") === "") ctx.request.body.delete("q");
});

// Messages of success go by themselves, but not while they are pointed at or focused; the others wait to be dismissed.
const PASSING_MS = 20000;

function passLater(note) {
  setTimeout(() => (note.matches(":hover, :focus-within") ? passLater(note) : note.remove()), PASSING_MS);
}
function passing() {
  for (const note of document.querySelectorAll("[data-passing]")) {
    note.removeAttribute("data-passing");
    passLater(note);
  }
}
document.addEventListener("htmx:after:swap", passing);
passing();

// "Select all" of the export window.
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-select-all]");
  const fields = event.target.closest("fieldset");
  if (!fields) return;
  const boxes = [...fields.querySelectorAll('input[name="column"]')];
  if (all) boxes.forEach((box) => { box.checked = event.target.checked; });
  markAll(fields);
});
function markAll(fields) {
  const all = fields.querySelector("[data-select-all]");
  if (!all) return;
  all.hidden = false;
  const boxes = [...fields.querySelectorAll('input[name="column"]')];
  const ticked = boxes.filter((box) => box.checked).length;
  all.firstElementChild.checked = ticked === boxes.length;
  all.firstElementChild.indeterminate = ticked > 0 && ticked < boxes.length;
}
const markEach = () => document.querySelectorAll("fieldset:has([data-select-all])").forEach(markAll);
document.addEventListener("htmx:after:swap", markEach);
markEach();

// Older browsers have popovers but cannot anchor them.
if (!CSS.supports("position-area", "block-end")) {
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (event.newState !== "open" || !menu.matches(".menu")) return;
    const button = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
    const below = button.bottom + menu.offsetHeight < innerHeight;
    menu.style.left = `${Math.max(8, button.right - menu.offsetWidth)}px`;
    menu.style.top = `${below ? button.bottom : button.top - menu.offsetHeight}px`;
  }, true);
}
