// What every page shares: the theme switch, copy buttons, focus on the error summary, times in the reader's zone.
// Each works on pages as they load and on what htmx puts into them later.

function showTheme(button) {
  button.setAttribute("aria-pressed", String(document.documentElement.dataset.bsTheme === "dark"));
}

function switchTheme(button) {
  const root = document.documentElement;
  const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
  root.dataset.bsTheme = next;
  try {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    if (next === system) localStorage.removeItem("theme"); // back in step with the system: follow it again
    else localStorage.setItem("theme", next);
  } catch {
    // Storage is switched off: the choice holds for this page.
  }
  showTheme(button);
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

function localiseTimes(part) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of part.querySelectorAll("time[data-local]")) {
    time.textContent = format.format(new Date(time.dateTime));
  }
}

document.addEventListener("click", (event) => {
  closeMenus(event);
  const themeSwitch = event.target.closest("[data-theme-switch]");
  if (themeSwitch) switchTheme(themeSwitch);
  const copyButton = event.target.closest("[data-copy]");
  if (copyButton) copyFrom(copyButton);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(event);
});

function prepare(part) {
  localiseTimes(part);
  part.querySelector("[data-focus]")?.focus();
}

document.querySelectorAll("[data-theme-switch]").forEach(showTheme);
prepare(document);
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) prepare(event.detail.elt);
});
