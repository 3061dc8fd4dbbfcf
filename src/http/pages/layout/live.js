// Keeps the parts of a page up to date that say `data-live`, whose value is the pause in seconds: asks for the page again and
// changes what has changed. A part without `data-live` has come to its end. Nothing is asked while nobody looks.
"use strict";
(() => {
  // After failures the pause doubles up to this. It is also the pause where nobody has touched the page for long.
  const MAX_PAUSE_MS = 60000;
  const FORGOTTEN_MS = 30 * 60 * 1000;
  const parts = () => [...document.querySelectorAll("[data-live]")];
  // A server that has not answered after so long is away: an operator's overview, which asks others, takes up to ten seconds.
  const LONGEST_ANSWER_MS = 30000;
  let failures = 0, touched = Date.now(), timer = 0, isAsking = false, trueAt = new Date();

  // The words that screen readers say when they change.
  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");
  const words = (part) => [...part.querySelectorAll("[data-say]")].map((one) => one.textContent.trim()).join(". ");

  // Says while the server is away that the page is as it was, and when that was. Empty before and after.
  const stale = document.getElementById("stale");
  function tellAge() {
    if (!stale || (failures > 0) === (stale.textContent !== "")) return;
    const clock = trueAt.toLocaleTimeString("en-GB", { timeZone: window.pageZone?.() });
    stale.textContent = failures > 0 ? stale.dataset.text.replace("{time}", clock) : "";
    stale.className = failures > 0 ? "notice warn" : "";
  }

  const key = (node) => node.nodeType === Node.ELEMENT_NODE ? node.dataset.key ?? null : null;
  const isTyped = (field) => field.value !== undefined && field.type !== "hidden"
    && ("checked" in field && field.matches("[type=checkbox],[type=radio]") ? field.checked !== field.defaultChecked
      : field.nodeName === "SELECT" ? [...field.options].some((option) => option.selected !== option.defaultSelected)
      : field.value !== field.defaultValue);

  // Makes `old` like `now` and keeps every node that has not changed, and what a person typed or opened.
  function renew(old, now) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== now.nodeValue) old.nodeValue = now.nodeValue;
      return;
    }
    if (old.matches("input, select, textarea") && (isTyped(old) || old === document.activeElement)) return;
    for (const { name, value } of now.attributes) {
      if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (name !== "open" && !now.hasAttribute(name)) old.removeAttribute(name);
    }
    renewChildren(old, now);
  }

  function renewChildren(old, now) {
    const wanted = new Set([...now.childNodes].map(key));
    const known = new Map([...old.children].filter((one) => key(one) !== null).map((one) => [key(one), one]));
    let at = old.firstChild;
    for (const child of [...now.childNodes]) {
      while (at && key(at) !== null && !wanted.has(key(at))) { const gone = at; at = at.nextSibling; gone.remove(); }
      const match = key(child) === null ? at : known.get(key(child));
      const fits = match && key(match) === key(child) && match.nodeName === child.nodeName;
      if (!fits) { old.insertBefore(document.importNode(child, true), at); continue; }
      if (match === at) at = at.nextSibling; else old.insertBefore(match, at);
      renew(match, child);
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  }

  function show(page) {
    window.localizeTimes?.(page);
    for (const part of parts()) {
      const now = page.getElementById(part.id);
      if (!now) continue;
      const before = words(part);
      renew(part, now);
      if (words(part) !== before) said.textContent = words(part);
    }
  }

  // The session is over: the page that comes now leads to a new one. Typed text stays until the reader wants it.
  function end() {
    if (![...document.querySelectorAll("input, select, textarea")].some(isTyped)) location.reload();
  }

  async function look() {
    const asked = new Date();
    const signal = AbortSignal.timeout(LONGEST_ANSWER_MS);
    const answer = await fetch(location.href, { cache: "no-store", headers: { "x-live": "1" }, signal });
    const isElsewhere = answer.redirected && new URL(answer.url).pathname !== location.pathname;
    if (answer.status === 401 || isElsewhere) return void end();
    if (!answer.ok) throw new Error(`the page answers ${answer.status}`);
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    trueAt = asked;
  }

  function pause() {
    const seconds = Math.min(...parts().map((part) => Number(part.dataset.live) || 3));
    if (Date.now() - touched > FORGOTTEN_MS) return MAX_PAUSE_MS;
    return Math.min(seconds * 1000 * 2 ** failures, Math.max(MAX_PAUSE_MS, seconds * 1000));
  }

  async function turn() {
    clearTimeout(timer);
    if (document.hidden || isAsking) return;
    isAsking = true;
    try { await look(); failures = 0; } catch { /* The network may come back. */ failures += 1; }
    isAsking = false;
    tellAge();
    next();
  }

  function next() {
    clearTimeout(timer);
    if (parts().length && !document.hidden) timer = setTimeout(turn, pause());
  }

  for (const name of ["pointerdown", "keydown", "scroll"]) {
    addEventListener(name, () => { touched = Date.now(); }, { passive: true });
  }
  // Whoever comes back sees at once what has become of it.
  document.addEventListener("visibilitychange", () => { touched = Date.now(); if (parts().length) turn(); });
  // The network is back: perhaps the server is, too.
  addEventListener("online", () => { if (parts().length) turn(); });
  if (parts().length) document.querySelector("main").append(said);
  next();
})();
