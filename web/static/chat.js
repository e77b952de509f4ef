// The chat without reloading: sends with retries, listens for answers, never shows one twice.
"use strict";

const $ = (id) => document.getElementById(id);
const log = $("log"), box = $("box"), ask = $("ask");
const words = JSON.parse(log.dataset.words);
const VIETNAM = { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" };
const DAY = { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "Asia/Ho_Chi_Minh" };
const LINK = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/;
const SLOW_MS = 15000, POST_MS = 20000, DEAF_MS = 40000, LOST_MS = 2000, RETRY_MS = [1000, 2000, 4000, 8000];
const { base } = log.dataset;
const state = { after: Number(log.dataset.after), waiting: false, slow: false, retrying: false, offline: false, lost: false, owner: log.dataset.owner };
const unsent = [];
let stream, slowTimer, lostTimer, heard = 0, refusals = 0, sending = false;

// ---- elements ----

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function linked(text) {
  return text.split(LINK).map((part, index) => {
    if (index % 2 === 0) return part;
    const link = element("a", "", part);
    link.href = part;
    link.rel = "noopener";
    return link;
  });
}

function line(author, at, ...children) {
  const time = element("time", "", at.toLocaleTimeString("vi-VN", VIETNAM));
  time.dateTime = at.toISOString();
  time.dataset.day = at.toLocaleDateString("vi-VN", DAY);
  return element("div", `line ${author}`, element("p", "who", element("b", "", words.authors[author]), " ", time), ...children);
}

function blockElement(block, index, blocks) {
  const under = blocks.slice(0, index).filter(({ kind }) => kind === "heading").pop()?.lines[0] ?? "";
  const list = under.startsWith(words.print.papers) ? "papers" : "";
  if (block.kind === "bullets") return element("ul", list, ...block.lines.map((item) => element("li", "", ...linked(item))));
  return element(block.kind === "heading" ? "h3" : "p", block.kind, ...linked(block.lines.join("\n")));
}

function choices(buttons) {
  const asking = buttons.filter(({ payload }) => !/^(large)?sheet:/.test(payload)); // the sheet has a link of its own
  return element("div", "choices", ...asking.map(({ label, payload }) => {
    const button = element("button", "", label);
    button.setAttribute("form", "ask");
    button.name = "button";
    button.value = payload;
    return button;
  }));
}

function sourceElement(source) {
  const names = words.source;
  const day = (iso) => iso.split("-").reverse().join("/");
  const rows = [["code", source.code], ["decision", source.decision], ["valid_from", day(source.valid_from)], ["checked_on", day(source.checked_on)]];
  const list = element("dl", "", ...rows.map(([name, value]) => element("div", "", element("dt", "", names[name]), element("dd", "", value))));
  const details = element("details", "source", element("summary", "", `${names.title} ${source.code}, ${names.checked} ${day(source.checked_on)}`), list);
  if (/^https?:/.test(source.url)) {
    const link = element("a", "", names.url);
    link.href = source.url;
    link.rel = "noopener";
    details.append(link);
  }
  return details;
}

function sheetElement({ code, case_id }) {
  const links = Object.entries({ usual: {}, large: { co_chu: "lon" } }).map(([name, size]) => {
    const query = new URLSearchParams({ ...(case_id && { truong_hop: case_id }), ...size }).toString();
    const link = element("a", "", words.sheet[name].replace("{code}", code));
    link.href = `/phieu/${encodeURIComponent(code)}.pdf${query && `?${query}`}`;
    return [link, " "];
  });
  return element("p", "sheet", ...links.flat());
}

function answer(reply) {
  const parts = reply.blocks.filter(({ kind }) => kind !== "source").map(blockElement);
  if (reply.buttons.length) parts.push(choices(reply.buttons));
  const made = line(reply.author, new Date(reply.at), ...parts, ...reply.sources.map(sheetElement), ...reply.sources.map(sourceElement));
  if (!reply.sources.length) return made;
  made.classList.add("sourced");
  return printable(made);
}

function add(made) {
  $("start")?.remove();
  $("asked")?.remove();
  log.append(made);
  const tall = made.offsetHeight > window.innerHeight / 2;
  made.scrollIntoView({ block: tall ? "start" : "nearest" });
}

// ---- what is going on ----

function say(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

function showState() {
  const { status, owner } = words;
  const waiting = state.waiting ? (state.slow ? status.slow : status.searching) : "";
  const trouble = state.offline ? status.offline : state.retrying ? status.retrying : state.lost ? status.reconnecting : "";
  say("status", trouble || waiting);
  say("owner", owner[state.owner]);
}

function change(news) {
  Object.assign(state, news);
  showState();
}

function wait() {
  if (state.owner === "queue" || state.owner === "officer") return;
  clearTimeout(slowTimer);
  slowTimer = setTimeout(() => change({ slow: true }), SLOW_MS);
  change({ waiting: true, slow: false });
}

// ---- listening ----

const eventsUrl = () => `${base}/chat/events?after=${state.after}`;
const hear = () => { heard = Date.now(); };

function listen() {
  stream?.close();
  hear();
  const mine = stream = new EventSource(eventsUrl());
  mine.onopen = found;
  mine.onerror = () => {
    lostTimer ??= setTimeout(() => change({ lost: true }), LOST_MS);
    if (mine.readyState === EventSource.CLOSED) setTimeout(() => mine === stream && relisten(), 3000);
  };
  mine.onmessage = (event) => {
    hear();
    const id = Number(event.lastEventId);
    if (id <= state.after) return;
    state.after = id;
    add(answer(JSON.parse(event.data)));
    change({ waiting: false });
    tell("answer");
  };
  mine.addEventListener("ping", hear);
  mine.addEventListener("owner", (event) => {
    hear();
    const { owner } = JSON.parse(event.data);
    change({ owner, waiting: state.waiting && (owner === "bot" || owner === "closed") });
  });
}

function found() {
  clearTimeout(lostTimer);
  lostTimer = undefined;
  refusals = 0;
  hear();
  change({ lost: false });
}

// A connection can die without a word: the server gives a sign of life every 15 s, and a waking phone asks at once.
function listenIfDeaf(patience_ms) {
  if (stream.readyState !== EventSource.OPEN || Date.now() - heard > patience_ms) listen();
}
setInterval(() => Date.now() - heard > DEAF_MS && listen(), 5000);
document.addEventListener("visibilitychange", () => document.hidden || listenIfDeaf(DEAF_MS / 2));
addEventListener("pageshow", (event) => event.persisted && listen());
addEventListener("offline", () => change({ offline: true }));
addEventListener("online", () => {
  change({ offline: false });
  listenIfDeaf(0);
});

async function relisten() {
  const probe = new AbortController();
  try {
    const { status } = await fetch(eventsUrl(), { signal: probe.signal });
    probe.abort();
    if (status === 401) await startAgain();
    else listen();
  } catch {
    setTimeout(relisten, 5000);
  }
}

async function startAgain() {
  if (++refusals > 2) return say("error", words.status.blocked);
  await fetch(`${base}/chat/new`, { method: "POST", redirect: "manual" }).catch(() => null);
  say("error", words.status.expired);
  state.after = 0;
  change({ waiting: false, retrying: false, lost: false, owner: "bot" });
  listen();
}

// ---- sending ----

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const pause = (ms) => new Promise((done) => {
  setTimeout(done, ms);
  addEventListener("online", done, { once: true });
});

function send(kind, text, label = text) {
  say("error", "");
  queue({ id: newId(), kind, text }, label);
  keep();
  wait();
  drain();
}

function queue(body, label, kept = false) {
  const made = line("citizen", new Date(), element("p", "text", label));
  made.classList.add("unsent");
  made.setAttribute("aria-live", "off");
  // who wrote it need not hear it
  add(made);
  unsent.push({ made, body, label, kept });
}

// What is not sent yet outlives the page: a phone closes pages in the background.
const KEPT = `unsent${base}`;
function keep() {
  try { sessionStorage.setItem(KEPT, JSON.stringify(unsent.map(({ body, label }) => ({ body, label })))); } catch { /* private window */ }
}

function takeUp() {
  let kept = [];
  try { kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"); } catch { /* private window */ }
  for (const { body, label } of kept) queue(body, label, true);
  if (!kept.length) return;
  wait();
  drain();
}

async function drain() {
  if (sending) return;
  sending = true;
  while (unsent.length) {
    const response = await deliver(unsent[0].body);
    const { made, body, kept } = unsent.shift();
    keep();
    if (response.status !== 202) await giveBack(made, body, response);
    else if (kept && !(await response.json()).new) return location.reload();
    // it had arrived before this page was drawn: the page may show it already, the server knows
    else made.classList.remove("unsent");
  }
  sending = false;
}

async function deliver(body) {
  for (let attempt = 0; ; attempt++) {
    const response = await post(JSON.stringify(body));
    if (response && response.status < 500 && response.status !== 429) {
      change({ retrying: false });
      return response;
    }
    change({ retrying: true });
    if (response?.status === 429) await rest(response);
    else await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
  }
}

// Too many at once: the server says in words why, and when to come back; what was written is kept and sent then.
async function rest(response) {
  const { error } = await response.json().catch(() => ({ error: words.errors[500] }));
  say("error", error);
  await pause(1000 * (Number(response.headers.get("Retry-After")) || 8));
  say("error", "");
}

async function post(body) {
  const probe = new AbortController();
  const timer = setTimeout(() => probe.abort(), POST_MS);
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body, signal: probe.signal };
  const response = await fetch(`${base}/chat/messages`, request).catch(() => null);
  clearTimeout(timer);
  return response;
}

async function giveBack(made, body, response) {
  made.remove();
  if (body.kind === "text") box.value = [body.text, box.value].filter(Boolean).join("\n");
  change({ waiting: false });
  if (response.status === 401) return startAgain();
  const { error } = await response.json().catch(() => ({ error: words.errors[response.status] ?? words.errors[500] }));
  say("error", error);
}

function sendTyped() {
  const text = box.value;
  if (!text.trim()) return say("error", words.chat.empty);
  if (text.length > 20000) return say("error", words.chat.too_long);
  box.value = "";
  send("text", text);
}

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  const { name, value, textContent } = event.submitter ?? {};
  if (name === "button") return send("button", value, textContent);
  if (name === "say") send("text", value);
  else sendTyped();
  box.focus();
});

box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  sendTyped();
});

function sendFiles(event, files) {
  if (!files?.length) return;
  event.preventDefault();
  send("attachment", "", words.attachment);
}
document.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
document.addEventListener("drop", (event) => sendFiles(event, event.dataTransfer?.files));
box.addEventListener("paste", (event) => sendFiles(event, event.clipboardData?.files));

// ---- leaving ----

addEventListener("beforeunload", (event) => unsent.length && event.preventDefault());
$("new").addEventListener("submit", (event) => {
  const held = state.owner === "queue" || state.owner === "officer";
  if (held && !confirm(words.chat.leave)) return event.preventDefault();
  unsent.length = 0;
  keep();
});

// ---- printing ----

function printable(made) {
  const button = element("button", "quiet print", words.print.one);
  button.type = "button";
  button.addEventListener("click", () => {
    made.dataset.chosen = "";
    document.body.dataset.print = "one";
    print();
  });
  made.querySelector(".source").before(button);
  return made;
}

addEventListener("beforeprint", () => {
  for (const source of log.querySelectorAll(".source:not([open])")) source.open = source.dataset.opened = true;
});
addEventListener("afterprint", () => {
  for (const source of log.querySelectorAll("[data-opened]")) {
    source.open = false;
    delete source.dataset.opened;
  }
  delete document.body.dataset.print;
  delete log.querySelector("[data-chosen]")?.dataset.chosen;
});

// ---- large text, high contrast ----

for (const button of document.querySelectorAll("[data-mode]")) {
  const { dataset: { mode }, value } = button;
  const modes = document.documentElement.dataset;
  const show = () => button.setAttribute("aria-pressed", String(modes[mode] === value));
  button.hidden = false;
  show();
  button.addEventListener("click", () => {
    modes[mode] = modes[mode] === value ? "" : value;
    show();
    try { localStorage.setItem(mode, modes[mode]); } catch { /* private window */ }
  });
}

// ---- in a frame of an agency's page (widget.js) ----

function tell(news) {
  if (base && parent !== window) parent.postMessage(`mot-cua:${news}`, "*");
}
addEventListener("keydown", (event) => event.key === "Escape" && !event.isComposing && tell("close"));

// ---- from here on ----

log.querySelectorAll(".sourced").forEach(printable);
if (log.lastElementChild?.classList.contains("citizen")) wait();
log.lastElementChild?.scrollIntoView({ block: "nearest" });
if (!navigator.onLine) change({ offline: true });
takeUp();
listen();
tell("ready");
