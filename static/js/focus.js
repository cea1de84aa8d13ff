// Keyboard focus after an action: where it was, else on what took that place, else on the nearest heading.

const KEY = "msc-focus";

/** A selector that finds the same element in a fresh copy of the page. */
function selectorOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const menu = element.getAttribute("popovertarget");
  if (menu) return `[popovertarget="${CSS.escape(menu)}"]`;
  for (const name of ["aria-label", "href"]) {
    const value = element.getAttribute(name);
    if (value) return `${element.localName}[${name}="${CSS.escape(value)}"]`;
  }
  return "";
}

/** A selector and, where several elements match it, which of them it was. */
function mark(element) {
  const selector = selectorOf(element);
  return selector && [selector, Math.max(0, [...document.querySelectorAll(selector)].indexOf(element))];
}

/** Marks to try in this order once the element may be gone. */
function trail(element) {
  const item = element.closest("tr, li");
  const neighbors = [item?.nextElementSibling, item?.previousElementSibling]
    .map((next) => next?.querySelector("[popovertarget]") ?? next?.querySelector("a, button"));
  const region = element.closest("section[aria-labelledby]")?.getAttribute("aria-labelledby");
  const fallbacks = [region && `#${CSS.escape(region)}`, "#results", "main h1"].filter(Boolean).map((selector) => [selector, 0]);
  return [...[element, ...neighbors].filter(Boolean).map(mark).filter(Boolean), ...fallbacks];
}

function follow(marks) {
  for (const [selector, index] of marks) {
    const element = document.querySelectorAll(selector)[index];
    if (!element || !element.checkVisibility()) continue;
    if (element.matches("h1, h2, section")) element.tabIndex = -1;
    element.focus();
    if (document.activeElement === element) return;
  }
}

const hasFocus = () => document.activeElement && document.activeElement !== document.body;
let before = [];

document.addEventListener("htmx:before:swap", () => {
  before = hasFocus() && !document.activeElement.closest("dialog") ? trail(document.activeElement) : [];
});
document.addEventListener("htmx:after:swap", () => {
  if (!hasFocus()) follow(before);
});

// A dialog gives the focus back to what opened it, on the next page where it leads to one.
document.addEventListener("focus:back", (event) => follow(trail(event.detail)));
document.addEventListener("focus:on-next-page", (event) => {
  const { element, url } = event.detail;
  sessionStorage.setItem(KEY, JSON.stringify({ path: new URL(url, location).pathname, marks: trail(element) }));
});

const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
sessionStorage.removeItem(KEY);
if (kept?.path === location.pathname) follow(kept.marks);

// Menus: the focus moves in, the arrow keys move it, Escape and the choice give it back (the browser does that).
const entries = (menu) => [...menu.querySelectorAll("a, button")].filter((entry) => entry.checkVisibility());

document.addEventListener("toggle", (event) => {
  if (event.newState === "open" && event.target.matches(".menu")) entries(event.target)[0]?.focus();
}, true);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest(".menu:popover-open");
  if (!menu) return;
  const all = entries(menu), at = all.indexOf(document.activeElement);
  const next = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  all[next].focus();
});
