// Words to a citizen that were not sent yet stay in this browser: until they are sent, or the officer signs out.
"use strict";

(() => {
  const PREFIX = "console-draft-";
  const LONGEST_MS = 12 * 3600 * 1000; // a sign-in lasts no longer
  const { officer, page } = document.getElementById("content").dataset;
  const mine = `${PREFIX}${officer}-`, name = mine + page;
  const box = document.getElementById("reply");
  const plain = (text) => text.split(/\s+/).filter(Boolean).join(" ");
  const words = (line) => plain([...line.querySelectorAll(".paragraph")].map((part) => part.textContent).join(" "));
  const said = () => [...document.querySelectorAll(".line.officer")].map(words);
  const read = (key) => JSON.parse(localStorage.getItem(key) ?? "null");

  function forget(isOver) {
    Object.keys(localStorage).filter((key) => key.startsWith(PREFIX) && isOver(key)).forEach((key) => localStorage.removeItem(key));
  }

  function keep() {
    if (!box.value.trim()) return localStorage.removeItem(name);
    const after = read(name)?.after ?? said().length; // officers' lines that were there when the words were begun
    localStorage.setItem(name, JSON.stringify({ text: box.value, after, at: Date.now() }));
  }

  function bringBack() {
    const draft = read(name);
    if (!draft) return;
    if (said().slice(draft.after).includes(plain(draft.text))) localStorage.removeItem(name);
    else if (box && !box.value) box.value = draft.text;
  }

  try {
    forget((key) => !key.startsWith(mine) || Date.now() - read(key).at > LONGEST_MS);
    document.querySelector("form[action='/console/logout']").addEventListener("submit", () => forget(() => true));
    box?.addEventListener("input", keep);
    bringBack();
  } catch { /* a browser that keeps nothing */ }
})();
