// Runs before the first paint, on its own and small: the theme that was chosen, if one was. theme.ts keeps the choice.
try {
  const kept = localStorage.getItem("storj-monitor-theme");
  if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
} catch {
  // Storage may be forbidden: the system's theme it is.
}
