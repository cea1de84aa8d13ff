// Links with data-dialog open their page in the one dialog; without this script they are ordinary links.

const dialog = document.getElementById("dialog");
const body = document.getElementById("dialog-body");
const skeleton = document.getElementById("dialog-skeleton");
const failures = {
  403: "You may not do this. Ask an administrator of your organisation.",
  409: "Somebody else was faster, so nothing was saved. Close this and try again.",
  404: "It is no longer there. Close this and reload the page.",
  413: "The file is too big.",
  429: "That was too often. Wait a minute and try again.",
};
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
let opener = null;

function open(link) {
  const menu = link.closest("[popover]");
  opener = menu ? document.querySelector(`[popovertarget="${menu.id}"]`) : link;
  menu?.hidePopover();
  body.replaceChildren(skeleton.content.cloneNode(true));
  dialog.classList.toggle("drawer", link.dataset.dialog === "drawer");
  if (!dialog.open) dialog.showModal();
  htmx.ajax("GET", link.href, { source: body, target: body, swap: "innerHTML" });
}

function fail(status) {
  const text = failures[status] ?? "The portal could not answer, so nothing was saved. Try again in a moment.";
  let notice = body.querySelector(".dialog-failure");
  if (!notice) {
    notice = document.createElement("p");
    notice.className = "notice notice-error dialog-failure";
    notice.setAttribute("role", "alert");
    const place = body.querySelector(".dialog-content");
    if (place?.ariaHidden) place.replaceChildren(), place.removeAttribute("aria-hidden");
    (place ?? body).prepend(notice);
  }
  notice.textContent = text;
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("a[data-dialog]");
  if (link) {
    event.preventDefault();
    open(link);
  } else if (dialog.open && (event.target === dialog || event.target.closest("#dialog [data-close]"))) {
    event.preventDefault();
    dialog.close();
  }
});

dialog.addEventListener("close", () => {
  body.replaceChildren();
  const again = opener?.isConnected ? opener : opener?.id && document.getElementById(opener.id);
  again?.focus();
});

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
  if (dialog.open) fail(status);
  else if (ctx.request.method === "GET") location.assign(ctx.request.action);
});

document.addEventListener("htmx:error", () => {
  if (dialog.open) fail(0);
  else tell("announce", "The portal did not answer. Try again in a moment.");
});

// The form came: focus goes to what is wrong, else to the first field.
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.target !== body && !body.contains(event.detail.ctx.sourceElement)) return;
  if (!dialog.open || body.contains(document.activeElement) && document.activeElement.id) return;
  const wanted = '[aria-invalid="true"], [autofocus], .dialog-content input:not([type="hidden"]):not([disabled]), .dialog-content select, .dialog-content textarea, .dialog-foot button, .dialog-foot a';
  const first = body.querySelector('[aria-invalid="true"]') ?? body.querySelector("[autofocus]") ?? body.querySelector(wanted);
  first?.focus();
});

// It worked: close, and show what lies under the dialog as it is now, with the message.
document.addEventListener("dialog:done", () => {
  dialog.close();
  const listOnly = document.getElementById("results") && !document.querySelector("[data-reload]");
  if (listOnly) tell("list:show", location.pathname + location.search);
  else location.reload();
});

// The browser saves the file; the window has done its work.
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-download]") && dialog.open) {
    setTimeout(() => dialog.close(), 200);
    tell("announce", "The export has started.");
  }
});
