// Keeps the queue and the transcript fresh: reads the same page again when something changed and takes over the difference.
"use strict";

const EVERY_MS = 30000;
const AT_MOST_EVERY_MS = 250;
const ADDRESS = document.getElementById("content").dataset.page;

function replace(old, fresh) {
  if (old.innerHTML === fresh.innerHTML) return;
  const grown = fresh.querySelectorAll("li").length > old.querySelectorAll("li").length;
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  old.replaceChildren(...fresh.childNodes);
  if (focused) document.getElementById(focused)?.focus();
  if (grown && old.dataset.news) document.getElementById("news").textContent = old.dataset.news;
}

function append(old, fresh) {
  const had = [...old.children], has = [...fresh.children];
  const first = has.findIndex((child, index) => child.textContent !== had[index]?.textContent);
  if (first === -1) return;
  had.slice(first).forEach((child) => child.remove());
  old.append(...has.slice(first));
}

async function refresh() {
  const response = await fetch(ADDRESS, { headers: { Accept: "text/html", "X-Background": "1" } }).catch(() => null);
  const lost = !response?.ok || response.redirected;
  document.getElementById("lost").hidden = !lost;
  if (lost) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  document.title = page.title;
  const fresh = page.querySelectorAll("[data-live]");
  document.querySelectorAll("[data-live]").forEach((old, index) => {
    (old.dataset.live === "append" ? append : replace)(old, fresh[index]);
  });
}

let busy = false, again = false;

async function soon() {
  again = true;
  if (busy || document.hidden) return;
  busy = true;
  while (again && !document.hidden) {
    again = false;
    await refresh();
    await new Promise((done) => setTimeout(done, AT_MOST_EVERY_MS));
  }
  busy = false;
}

if (document.querySelector("[data-live]")) {
  new EventSource("/console/events").addEventListener("changed", soon);
  setInterval(soon, EVERY_MS);
  document.addEventListener("visibilitychange", () => again && soon());
}

document.getElementById("canned")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const box = document.getElementById("reply");
  const sentence = document.getElementById("sentence").selectedOptions[0].dataset.text;
  box.value = [box.value.trimEnd(), sentence].filter(Boolean).join("\n");
  box.focus();
});
