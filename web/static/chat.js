// The chat without reloading: sends with retries, listens for answers, never shows one twice.
"use strict";

const $ = (id) => document.getElementById(id);
const log = $("log"), box = $("box"), ask = $("ask");
const words = JSON.parse(log.dataset.words);
const VIETNAM = { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" };
const LINK = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/;
const SLOW_MS = 15000, RETRY_MS = [1000, 2000, 4000, 8000];
const state = { after: Number(log.dataset.after), waiting: false, slow: false, retrying: false, offline: false, owner: log.dataset.owner };
const unsent = [];
let stream, slowTimer, sending = false;

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
  return element("div", `line ${author}`, element("p", "who", element("b", "", words.authors[author]), " ", time), ...children);
}

function blockElement(block) {
  if (block.kind === "bullets") return element("ul", "", ...block.lines.map((item) => element("li", "", ...linked(item))));
  return element(block.kind === "heading" ? "h3" : "p", block.kind, ...linked(block.lines.join("\n")));
}

function choices(buttons) {
  return element("div", "choices", ...buttons.map(({ label, payload }) => {
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

function answer(reply) {
  const parts = reply.blocks.filter(({ kind }) => kind !== "source").map(blockElement);
  if (reply.buttons.length) parts.push(choices(reply.buttons));
  return line(reply.author, new Date(reply.at), ...parts, ...reply.sources.map(sourceElement));
}

function add(made) {
  $("start")?.remove();
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
  say("status", state.retrying ? status.retrying : state.offline ? status.reconnecting : waiting);
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

function listen() {
  stream?.close();
  stream = new EventSource(`/chat/events?after=${state.after}`);
  stream.onopen = () => change({ offline: false });
  stream.onerror = () => {
    change({ offline: true });
    if (stream.readyState === EventSource.CLOSED) setTimeout(relisten, 3000);
  };
  stream.onmessage = (event) => {
    const id = Number(event.lastEventId);
    if (id <= state.after) return;
    state.after = id;
    add(answer(JSON.parse(event.data)));
    change({ waiting: false });
  };
  stream.addEventListener("owner", (event) => {
    const { owner } = JSON.parse(event.data);
    change({ owner, waiting: state.waiting && (owner === "bot" || owner === "closed") });
  });
}

async function relisten() {
  const probe = new AbortController();
  try {
    const { status } = await fetch(`/chat/events?after=${state.after}`, { signal: probe.signal });
    probe.abort();
    if (status === 401) await startAgain();
    else listen();
  } catch {
    setTimeout(relisten, 5000);
  }
}

async function startAgain() {
  await fetch("/chat/new", { method: "POST", redirect: "manual" }).catch(() => null);
  say("error", words.status.expired);
  state.after = 0;
  change({ waiting: false, retrying: false, offline: false, owner: "bot" });
  listen();
}

// ---- sending ----

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function send(kind, text, label = text) {
  say("error", "");
  const made = line("citizen", new Date(), element("p", "text", label));
  made.classList.add("unsent");
  add(made);
  unsent.push({ made, body: { id: newId(), kind, text } });
  wait();
  drain();
}

async function drain() {
  if (sending) return;
  sending = true;
  while (unsent.length) {
    const response = await deliver(unsent[0].body);
    const { made, body } = unsent.shift();
    if (response.status === 202) made.classList.remove("unsent");
    else await giveBack(made, body, response);
  }
  sending = false;
}

async function deliver(body) {
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  for (let attempt = 0; ; attempt++) {
    const response = await fetch("/chat/messages", request).catch(() => null);
    if (response && response.status < 500 && response.status !== 429) {
      change({ retrying: false });
      return response;
    }
    change({ retrying: true });
    await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
  }
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
  if (held && !confirm(words.chat.leave)) event.preventDefault();
});

// ---- text size ----

function setSize(large) {
  document.documentElement.dataset.text = large ? "large" : "";
  $("size").setAttribute("aria-pressed", String(large));
}

$("size").hidden = false;
$("size").addEventListener("click", () => {
  const large = $("size").getAttribute("aria-pressed") !== "true";
  setSize(large);
  try { localStorage.setItem("text", large ? "large" : ""); } catch { /* private window */ }
});
try { setSize(localStorage.getItem("text") === "large"); } catch { /* private window */ }

if (log.lastElementChild?.classList.contains("citizen")) wait();
log.lastElementChild?.scrollIntoView({ block: "nearest" });
listen();
