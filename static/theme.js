// Sets the theme before the first paint: the one chosen in this browser, else the system's.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;

  function chosen() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is switched off: follow the system
    }
  }

  function apply() {
    root.dataset.bsTheme = chosen() || (system.matches ? "dark" : "light");
  }

  root.classList.add("js");
  apply();
  system.addEventListener("change", apply);
})();
