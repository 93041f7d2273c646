// What every page shares: the theme switch, copy buttons, times in the reader's zone, and for people who do not see
// the page: focus management and announcements of changes.
// Each works on loaded pages and on fragments that htmx inserts later.

function showTheme(button) {
  button.setAttribute("aria-pressed", String(document.documentElement.dataset.bsTheme === "dark"));
}

function switchTheme() {
  const root = document.documentElement;
  const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
  root.dataset.bsTheme = next;
  try {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    if (next === system) localStorage.removeItem("theme"); // same as the system: follow it again
    else localStorage.setItem("theme", next);
  } catch {
    // Storage is switched off: the choice holds for this page.
  }
}

async function copyFrom(button) {
  const source = document.getElementById(button.dataset.copy);
  const status = button.closest(".copy")?.querySelector("[role=status]");
  source.select();
  try {
    await navigator.clipboard.writeText(source.value);
    if (status) status.textContent = "Copied";
    button.classList.add("copied");
  } catch {
    if (status) status.textContent = "Selected. Press Ctrl+C to copy."; // no clipboard outside https
  }
}

function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (event.key === "Escape") {
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
      menu.open = false;
    } else if (!menu.contains(event.target)) {
      menu.open = false;
    }
  }
}

// 24 Nov 2026, 14:05 GMT+1: as the server writes it (config/formats), in the reader's own zone.
const localParts = new Intl.DateTimeFormat("en-US", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short",
});

function writeLocally(moment) {
  const { day, month, year, hour, minute, timeZoneName } = Object.fromEntries(
    localParts.formatToParts(moment).map(({ type, value }) => [type, value]),
  );
  return `${day} ${month} ${year}, ${hour}:${minute} ${timeZoneName}`;
}

function localiseTimes(part) {
  for (const time of part.querySelectorAll("time[data-local]")) {
    const shown = time.textContent;
    time.textContent = writeLocally(new Date(time.dateTime));
    if (time.closest("h1")) document.title = document.title.replace(shown, time.textContent);
  }
}

document.addEventListener("click", (event) => {
  closeMenus(event);
  const themeSwitch = event.target.closest("[data-theme-switch]");
  if (themeSwitch) switchTheme();
  const copyButton = event.target.closest("[data-copy]");
  if (copyButton) copyFrom(copyButton);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(event);
});

function say(text) {
  document.getElementById("said").textContent = text.replace(/\s+/g, " ").trim();
}

// Restores what was typed before the session was lost into the form that has all of its fields.
function fillKeptForm() {
  const keptForm = document.querySelector("[data-kept-form]");
  if (!keptForm) return;
  const kept = new Map();
  for (const { name, value } of keptForm.querySelectorAll("[data-kept]")) kept.set(name, [...(kept.get(name) || []), value]);
  const form = [...document.querySelectorAll("main form[method=post]:not([data-kept-form])")]
    .find(({ elements }) => [...kept.keys()].every((name) => elements.namedItem(name)));
  if (!form) return;
  for (const control of form.elements) {
    const values = kept.get(control.name) || [];
    if (control.type === "checkbox" || control.type === "radio") control.checked = values.includes(control.value);
    else if (control.matches("input:not([type=hidden]), textarea, select") && values.length) control.value = values.shift();
  }
  keptForm.querySelector("[data-filled]").hidden = false;
  keptForm.querySelector("[data-unfilled]").remove();
}

function prepare(part) {
  localiseTimes(part);
  (part.querySelector(".error-summary") || part.querySelector("[data-focus]"))?.focus();
}

// Screen readers announce changes of a status region, not its initial text: so the text is set again.
function sayMessages() {
  const messages = document.getElementById("messages");
  if (messages.children.length) say(messages.textContent);
}

// htmx restores the focus to the element of the same id. Where there is none (the last page has no Next), the new
// fragment is focused, so that nobody has to start at the top of the page.
let focusWasIn = null;

function noteFocus(event) {
  const target = event.detail.target;
  focusWasIn = target.contains(document.activeElement) && document.activeElement !== document.body ? target.id : null;
}

function keepFocus() {
  if (!focusWasIn || document.activeElement !== document.body) return;
  const part = document.getElementById(focusWasIn);
  (part?.querySelector("[tabindex], a, button") || document.getElementById("main")).focus();
}

// A fragment that cannot be refreshed must not look current: say so until the server answers again.
function showWhetherServerAnswers(answers) {
  document.getElementById("no-answer")?.remove();
  if (answers) return;
  const alert = document.createElement("div");
  alert.id = "no-answer";
  alert.className = "alert alert-danger";
  alert.textContent = "The server did not answer, so what you see may be old. Try again in a minute, or reload the page.";
  document.getElementById("messages").append(alert);
}

// Tells htmx of what was typed before it listened, or was restored by the browser or by fillKeptForm.
function tellTyped() {
  for (const control of document.querySelectorAll("main input, main textarea")) {
    const isText = !["hidden", "password", "checkbox", "radio"].includes(control.type);
    if (isText && control.value !== control.defaultValue) control.dispatchEvent(new Event("input", { bubbles: true }));
  }
  for (const control of document.querySelectorAll("main select")) {
    const shown = [...control.options].find(({ defaultSelected }) => defaultSelected) || control.options[0];
    if (shown && !shown.selected) control.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function showThemes() {
  document.querySelectorAll("[data-theme-switch]").forEach(showTheme);
}

showThemes();
// The system's theme may change while the page is open.
new MutationObserver(showThemes).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
prepare(document);
fillKeptForm();
setTimeout(sayMessages, 300);
document.addEventListener("DOMContentLoaded", tellTyped); // after htmx, whose script comes before this one
document.addEventListener("htmx:beforeSwap", noteFocus);
document.addEventListener("htmx:responseError", () => showWhetherServerAnswers(false));
document.addEventListener("htmx:sendError", () => showWhetherServerAnswers(false));
document.addEventListener("htmx:afterOnLoad", ({ detail }) => detail.xhr.status < 500 && showWhetherServerAnswers(true));
document.addEventListener("htmx:afterSettle", keepFocus);
document.addEventListener("htmx:load", (event) => {
  const part = event.detail.elt;
  if (part === document.body) return;
  prepare(part);
  const news = part.matches("[data-say]") ? part : part.querySelector("[data-say]");
  if (news) say(news.textContent);
});
