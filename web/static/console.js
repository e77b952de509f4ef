// Keeps the queue and the transcript fresh: reads the same page again when something changed and takes over the difference.
"use strict";

const EVERY_MS = 30000;
const REST_MS = 100, REST_TIMES = 2; // between two readings: longer when the server needs long, so that it catches up
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
    const begun = performance.now();
    await refresh();
    const rest = Math.max(REST_MS, REST_TIMES * (performance.now() - begun));
    await new Promise((done) => setTimeout(done, rest));
  }
  busy = false;
}

if (document.querySelector("[data-live]")) {
  const ticket = /^\/console\/tickets\/(\d+)/.exec(ADDRESS)?.[1] ?? "";
  new EventSource(`/console/events?ticket=${ticket}`).addEventListener("changed", soon);
  setInterval(soon, EVERY_MS);
  document.addEventListener("visibilitychange", () => again && soon());
}

document.getElementById("canned")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const box = document.getElementById("reply");
  const sentence = document.getElementById("sentence").selectedOptions[0].dataset.text;
  box.value = [box.value.trimEnd(), sentence].filter(Boolean).join("\n");
  box.dispatchEvent(new Event("input"));
  box.focus();
});

// Who writes: colleagues at the same ticket are told.
const reply = document.getElementById("reply");
const TYPING_EVERY_MS = 5000;
let told = 0, resting = 0;

function tell(typing) {
  told = typing ? Date.now() : 0;
  const body = new URLSearchParams({ csrf: reply.form.elements.csrf.value, typing: typing ? "1" : "0" });
  fetch(`${ADDRESS}/presence`, { method: "POST", body, headers: { "X-Background": "1" } }).catch(() => null);
}

reply?.addEventListener("input", () => {
  if (Date.now() - told > TYPING_EVERY_MS) tell(true);
  clearTimeout(resting);
  resting = setTimeout(tell, TYPING_EVERY_MS, false);
});

// Keys. Those of one letter work outside of fields only, and can be turned off (WCAG 2.1.4).
const keys = document.getElementById("keys");
const switched = document.getElementById("keys-on");
const OFF = "console-keys-off";
const steps = (by) => {
  const links = [...document.querySelectorAll(".ticket h3 a")];
  const here = links.indexOf(document.activeElement);
  links[here === -1 ? 0 : Math.min(Math.max(here + by, 0), links.length - 1)]?.focus();
};
const ACTIONS = {
  "?": () => keys.showModal(),
  j: () => steps(1),
  k: () => steps(-1),
  n: () => document.getElementById("next")?.click(),
  r: () => reply?.focus(),
  g: () => location.assign("/console"),
  "/": () => location.assign("/console/search"),
};

if (keys) {
  const opener = document.getElementById("keys-open");
  opener.hidden = false;
  opener.addEventListener("click", ACTIONS["?"]);
  switched.checked = !localStorage.getItem(OFF);
  switched.addEventListener("change", () => switched.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1"));
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || keys.open) return;
    const typed = event.target.closest("input, textarea, select");
    const field = keys.contains(typed) ? null : typed; // the closed help may hold the focus for another moment
    if (field?.form && event.ctrlKey && event.key === "Enter") field.form.requestSubmit();
    if (field || event.ctrlKey || event.altKey || event.metaKey || !switched.checked || !ACTIONS[event.key]) return;
    event.preventDefault();
    ACTIONS[event.key]();
  });
}
