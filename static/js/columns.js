// Column widths and the order of columns by dragging; both are saved on the server. "Edit columns" has them as fields.

const NARROWEST = 48;
const WIDEST = 900;

function columnsOf(table) {
  return [...table.querySelectorAll("col[data-column]")].map((col) => ({
    col,
    head: table.querySelector(`th[data-column="${col.dataset.column}"]`),
  }));
}

/** Turn the widths that the browser chose into fixed ones, so that changing one leaves the others alone. */
function freeze(table) {
  for (const { col, head } of columnsOf(table)) col.width = head.offsetWidth;
  table.classList.add("sized");
  total(table);
}

function total(table) {
  table.width = [...table.querySelectorAll("col")].reduce((sum, col) => sum + Number(col.width), 0);
}

function setWidth(table, col, width) {
  col.width = Math.round(Math.min(Math.max(width, NARROWEST), WIDEST));
  total(table);
}

const saving = new WeakMap();
function save(table, names = null) {
  clearTimeout(saving.get(table));
  saving.set(table, setTimeout(() => {
    const data = new FormData();
    for (const { col } of columnsOf(table)) data.set(col.dataset.column, names?.includes(col.dataset.column) ? "" : col.width);
    const token = JSON.parse(document.body.getAttribute("hx-headers:inherited"))["X-CSRFToken"];
    fetch(table.dataset.widths, { method: "POST", body: data, headers: { "X-CSRFToken": token, "HX-Request": "true" } });
  }, 400));
}

function drag(event, table, col, handle) {
  event.preventDefault();
  freeze(table);
  handle.setPointerCapture(event.pointerId);
  handle.classList.add("dragging");
  const [from, width] = [event.clientX, Number(col.width)];
  const move = (next) => setWidth(table, col, width + next.clientX - from);
  const end = () => {
    handle.removeEventListener("pointermove", move);
    handle.classList.remove("dragging");
    if (Number(col.width) !== width) save(table);
  };
  handle.addEventListener("pointermove", move);
  handle.addEventListener("pointerup", end, { once: true });
  handle.addEventListener("pointercancel", end, { once: true });
}

function addHandle(table, col, head) {
  const handle = document.createElement("span");
  handle.className = "width-handle";
  handle.setAttribute("aria-hidden", "true");
  handle.addEventListener("pointerdown", (event) => { if (event.button === 0) drag(event, table, col, handle); });
  handle.addEventListener("dblclick", () => {
    setWidth(table, col, Number(col.dataset.default));
    save(table, [col.dataset.column]);
  });
  head.append(handle);
}

function addHandles() {
  for (const table of document.querySelectorAll("table.list[data-widths]:not([data-ready])")) {
    table.dataset.ready = "";
    for (const { col, head } of columnsOf(table)) addHandle(table, col, head);
  }
}

// -- The order of columns in the window ----------------------------------------------------------------------------

function markEnds(list) {
  [...list.children].forEach((item, index, items) => {
    const [up, down] = item.querySelectorAll('button[name="move"]');
    up.disabled = index === 0;
    down.disabled = index === items.length - 1;
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest('[data-column-item] button[name="move"]');
  if (!button) return;
  event.preventDefault();
  event.stopPropagation();
  const item = button.closest("li");
  if (button.value.startsWith("up:")) item.previousElementSibling?.before(item);
  else item.nextElementSibling?.after(item);
  markEnds(item.parentElement);
  (button.disabled ? item.querySelector('button[name="move"]:not(:disabled)') : button).focus();
}, true);

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest("[data-grip]");
  if (!grip) return;
  event.preventDefault();
  const item = grip.closest("li");
  item.classList.add("moving");
  const move = (next) => {
    const over = document.elementFromPoint(next.clientX, next.clientY)?.closest("[data-column-item]");
    if (!over || over === item || over.parentElement !== item.parentElement) return;
    const box = over.getBoundingClientRect();
    if (next.clientY > box.top + box.height / 2) over.after(item);
    else over.before(item);
  };
  const end = () => {
    item.classList.remove("moving");
    markEnds(item.parentElement);
    document.removeEventListener("pointermove", move);
  };
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", end, { once: true });
  document.addEventListener("pointercancel", end, { once: true });
});

document.addEventListener("htmx:after:swap", addHandles);
addHandles();
