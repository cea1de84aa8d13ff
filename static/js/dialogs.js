// Links with data-dialog open their page in the one dialog; without this script they are ordinary links.

const dialog = document.getElementById("dialog");
const body = document.getElementById("dialog-body");
const skeleton = document.getElementById("dialog-skeleton");
const discard = document.getElementById("discard");
const failures = {
  401: "Your session has ended, so nothing was saved. What you entered is kept: sign in again in a new tab, then save here.",
  403: "Your role doesn't allow this. Ask an MSP administrator for access.",
  404: "This no longer exists. Close this dialog and reload the page.",
  409: "Someone else saved a change at the same moment, so yours was not saved. Try again.",
  413: "The file is too large. Choose a file of at most 5 MB.",
  429: "Too many requests. Wait a minute and try again.",
};
const noCookie = "Your browser does not send the portal's cookie, so nothing was saved. Allow cookies for this site, then save again.";
const otherPerson = "Someone else is now signed in in this browser, so nothing was saved. Copy what you need, then reload the page.";
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
let opener = null;
let pristine = null;

// -- Opening and closing ------------------------------------------------------------------------------------------

function open(link) {
  const menu = link.closest("[popover]");
  opener = menu ? document.querySelector(`[popovertarget="${menu.id}"]`) : dialog.contains(link) ? opener : link;
  menu?.hidePopover();
  pristine = null;
  body.replaceChildren(skeleton.content.cloneNode(true));
  dialog.classList.toggle("drawer", link.dataset.dialog === "drawer");
  if (!dialog.open) dialog.showModal();
  htmx.ajax("GET", link.href, { source: body, target: body, swap: "innerHTML" });
}

/** What the form would send, to compare; files by their names. */
function entered() {
  const form = body.querySelector('form[method="post"]');
  if (!form) return null;
  const sent = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken" && !name.startsWith("find-"));
  return JSON.stringify(sent.map(([name, value]) => [name, value.name ?? value]));
}

/** Close at once, or ask first when something was entered. */
function leave() {
  if (pristine !== null && entered() !== pristine) discard.showModal();
  else dialog.close();
}

discard.addEventListener("close", () => {
  if (discard.returnValue === "discard") dialog.close();
  discard.returnValue = "";
});

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("a[data-dialog]");
  if (link) {
    event.preventDefault();
    open(link);
  } else if (dialog.open && (event.target === dialog || event.target.closest("#dialog [data-close]"))) {
    event.preventDefault();
    leave();
  }
});

// Escape, and the back gesture of a phone. A browser lets "cancel" be prevented once only, hence the key as well.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !dialog.open || discard.open || dialog.querySelector(":popover-open")) return;
  event.preventDefault();
  leave();
});
dialog.addEventListener("cancel", (event) => {
  if (event.target !== dialog) return;
  event.preventDefault();
  leave();
});

dialog.addEventListener("close", () => {
  pristine = null;
  body.replaceChildren();
  if (opener) tell("focus:back", opener);
});

// -- Answers ------------------------------------------------------------------------------------------------------

function fail(text, link = null) {
  let notice = body.querySelector(".dialog-failure");
  if (!notice) {
    notice = document.createElement("p");
    notice.className = "notice notice-error dialog-failure";
    notice.setAttribute("role", "alert");
    const place = body.querySelector(".dialog-content");
    if (place?.ariaHidden) place.replaceChildren(), place.removeAttribute("aria-hidden");
    (place ?? body).prepend(notice);
  }
  notice.replaceChildren(text, ...(link ? [" ", link] : []));
  notice.scrollIntoView({ block: "nearest" });
}

function sessionEnded() {
  const link = Object.assign(document.createElement("a"), { href: document.body.dataset.signIn, target: "_blank", textContent: "Sign in in a new tab" });
  fail(failures[401], link);
}

/** The token was of an earlier session: take today's, and send the form again for the person who opened it. */
function renew({ response, request }) {
  const token = response.headers.get("X-CSRF-Token");
  if (!token) return false;
  document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": token }));
  for (const field of document.getElementsByName("csrfmiddlewaretoken")) field.value = token;
  const person = response.headers.get("X-Person");
  if (!person) sessionEnded();
  else if (person !== document.body.dataset.person) fail(otherPerson);
  else if (!request.form || request.form.dataset.renewed) {
    fail(noCookie);
    delete request.form?.dataset.renewed;
  } else {
    request.form.dataset.renewed = "";
    request.form.requestSubmit(request.submitter);
  }
  return true;
}

// An answer that says no: forms come back with 409 and 422, everything else keeps what is on the screen.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const status = ctx.response?.status ?? 200;
  if (status < 400 && /^\s*<!doctype/i.test(ctx.text)) {
    // A whole page where a part was asked for: the session has ended, or the way leads elsewhere.
    event.preventDefault();
    location.assign(ctx.response.raw.url);
    return;
  }
  if (status < 400 || ((status === 409 || status === 422) && ctx.text.trimStart().startsWith("<form"))) return;
  event.preventDefault();
  if (dialog.open && status === 403 && renew(ctx)) return;
  delete ctx.request.form?.dataset.renewed;
  if (dialog.open && status === 401) sessionEnded();
  else if (dialog.open) fail(failures[status] ?? "The portal could not answer, so nothing was saved. Try again in a moment.");
  else if (ctx.request.method === "GET") location.assign(ctx.request.action);
});

document.addEventListener("htmx:error", () => {
  if (dialog.open) fail("The portal did not answer, so nothing was saved. Try again in a moment.");
  else tell("announce", "The portal did not answer. Try again in a moment.");
});

// The form came: focus goes to what is wrong, else to the first field, else to a button that destroys nothing.
document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  if (ctx.target !== body && !body.contains(ctx.sourceElement)) return;
  if (ctx.request.method === "GET" && ctx.target === body) pristine = entered();
  if (!dialog.open || body.contains(document.activeElement) && document.activeElement.id) return;
  const wanted = [
    '[aria-invalid="true"]',
    "[autofocus]",
    '.dialog-content :is(input:not([type="hidden"]), select, textarea):not([disabled])',
    ".dialog-foot .btn:not(.btn-danger)",
    ".dialog-foot :is(a, button)",
  ];
  wanted.map((selector) => body.querySelector(selector)).find(Boolean)?.focus();
});

// It worked, and the browser goes on to another page.
document.addEventListener("htmx:after:request", (event) => {
  const url = event.detail.ctx.hx?.redirect;
  if (url && dialog.open && opener) tell("focus:on-next-page", { element: opener, url });
});

// It worked: close, and show what lies under the dialog as it is now, with the message.
document.addEventListener("dialog:done", () => {
  dialog.close();
  const listOnly = document.getElementById("results") && !document.querySelector("[data-reload]");
  if (listOnly) return tell("list:show", location.pathname + location.search);
  if (opener) tell("focus:on-next-page", { element: opener, url: location.href });
  location.reload();
});

// The browser saves the file; the window has done its work.
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-download]") && dialog.open) {
    setTimeout(() => dialog.close(), 200);
    tell("announce", "The export has started.");
  }
});
