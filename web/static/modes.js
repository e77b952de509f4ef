// Large text and high contrast, set before the page is drawn; the buttons are pressed later (chat.js).
"use strict";

for (const mode of ["text", "contrast"]) {
  try { document.documentElement.dataset[mode] = localStorage.getItem(mode) ?? ""; } catch { /* private window */ }
}
