// Puts the chat on an agency's page: <script src="https://…/widget.js" defer></script>. No other files, no cookies here.
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.motCua) return;
  window.motCua = true;
  const words = {{ words.widget|tojson }};
  const home = new URL(script.src).origin;
  const PATIENCE_MS = 8000;

  const looks = `
    :host { all: initial; }
    button, div, a, p { font: 600 16px/1.4 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
    button { position: fixed; right: 16px; bottom: 16px; z-index: 2147483001; min-height: 48px; padding: 10px 20px;
      border: 2px solid #fff; border-radius: 24px; background: #0b5a6f; color: #fff; cursor: pointer; }
    button:focus-visible, a:focus-visible { outline: 3px solid #ffc857; outline-offset: 2px; }
    div { position: fixed; right: 16px; bottom: 80px; z-index: 2147483000; width: min(420px, calc(100vw - 32px));
      height: min(680px, calc(100dvh - 96px)); box-sizing: border-box; overflow: hidden; background: #fff;
      border: 1px solid #71868d; border-radius: 16px; box-shadow: 0 8px 32px rgb(0 0 0 / .25); }
    [hidden] { display: none; }
    iframe { width: 100%; height: 100%; border: 0; }
    p { margin: 24px; color: #17262b; }
    a { color: #0b5a6f; }
    @media (max-width: 480px) {
      div { inset: 0 0 72px; width: auto; height: auto; border-width: 0 0 1px; border-radius: 0; }
    }
    @media print { :host { display: none; } }
  `;

  const root = document.createElement("mot-cua").attachShadow({ mode: "open" });
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(looks);
    root.adoptedStyleSheets = [sheet];
    // allowed by a policy that forbids inline styles
  } catch {
    root.append(Object.assign(document.createElement("style"), { textContent: looks }));
    // browsers from before 2023
  }
  const button = document.createElement("button");
  const panel = document.createElement("div");
  const frame = document.createElement("iframe");
  button.type = "button";
  button.setAttribute("aria-haspopup", "dialog");
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", words.title);
  frame.title = words.title;
  root.append(panel, button);
  show(false);

  function show(open) {
    panel.hidden = !open;
    button.textContent = open ? words.close : words.open;
    button.setAttribute("aria-expanded", String(open));
  }

  function open() {
    show(true);
    if (frame.src) frame.focus();
    else load();
  }

  function close() {
    if (panel.hidden) return;
    show(false);
    button.focus();
  }

  let ready = false;
  function load() {
    frame.src = `${home}/embed`;
    panel.append(frame);
    setTimeout(() => ready || instead(), PATIENCE_MS);
  }

  // Focus goes in with the first page only, and only if nobody has moved it meanwhile.
  function arrive() {
    if (!ready && !panel.hidden && root.activeElement === button) frame.focus();
    ready = true;
  }

  // This site is not on the list of those that may show the chat, or there is no network.
  function instead() {
    const note = document.createElement("p");
    const link = document.createElement("a");
    link.href = `${home}/`;
    link.target = "_blank";
    link.textContent = words.apart;
    note.setAttribute("role", "status");
    note.append(words.unreachable, " ", link);
    frame.replaceWith(note);
  }

  button.addEventListener("click", () => panel.hidden ? open() : close());
  addEventListener("keydown", (event) => event.key === "Escape" && close());
  addEventListener("message", (event) => {
    if (event.origin !== home || event.source !== frame.contentWindow) return;
    if (event.data === "mot-cua:ready") arrive();
    if (event.data === "mot-cua:close") close();
    if (event.data === "mot-cua:answer" && panel.hidden) button.textContent = words.answered;
  });
  const put = () => document.body.append(root.host);
  document.body ? put() : addEventListener("DOMContentLoaded", put);
})();
