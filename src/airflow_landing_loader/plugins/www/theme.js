// Chooses light or dark before anything is painted: as the page of Airflow around us, else as Airflow
// remembers it, else as the system.
(() => {
  "use strict";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  // Colours that an installation may have changed, by our names for them.
  const COPIED = {
    "--bg": "bg",
    "--subtle": "bg-subtle",
    "--sunken": "bg-muted",
    "--fg": "fg",
    "--muted": "fg-muted",
    "--border": "border",
  };

  function hostPage() {
    try {
      return window.parent !== window ? window.parent.document.documentElement : null;
    } catch {
      return null; // of another origin
    }
  }
  const host = hostPage();

  function remembered() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  }

  function isDark() {
    if (host) return host.classList.contains("dark");
    const theme = remembered();
    return theme === "dark" || (theme !== "light" && system.matches);
  }

  function apply() {
    const dark = isDark();
    root.classList.toggle("dark", dark);
    root.classList.toggle("light", !dark);
    root.classList.toggle("framed", Boolean(host));
    if (!host) return;
    const colours = host.ownerDocument.defaultView.getComputedStyle(host);
    for (const [ours, theirs] of Object.entries(COPIED)) {
      const colour = colours.getPropertyValue(`--chakra-colors-${theirs}`).trim();
      if (colour) root.style.setProperty(ours, colour);
    }
  }

  apply();
  if (host) new MutationObserver(apply).observe(host, { attributeFilter: ["class"] });
  addEventListener("storage", apply);
  system.addEventListener("change", apply);
})();
