// While a draft is measured, reads the page again and shows how far it is. Without scripts a link does the same.
"use strict";

const EVERY_MEASURED_MS = 2000;

async function measureAgain() {
  const old = document.getElementById("measured");
  if (!old.hasAttribute("data-again")) return;
  const response = await fetch(location.pathname, { headers: { Accept: "text/html", "X-Background": "1" } }).catch(() => null);
  if (response?.ok && !response.redirected) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("measured"), focused = old.contains(document.activeElement);
    if (old.innerHTML !== fresh.innerHTML) {
      old.replaceWith(fresh);
      if (focused) fresh.querySelector("button")?.focus();
    }
  }
  setTimeout(measureAgain, EVERY_MEASURED_MS);
}

measureAgain();
