// Keeps the parts of a page up to date that say `data-live`: asks for the page again and shows what they have become. A part
// without `data-live` has come to its end. Nothing is asked while nobody looks.
"use strict";

const AGAIN_MS = 3000;
// After this time a page that was forgotten in a tab stops asking.
const GIVE_UP_MS = 30 * 60 * 1000;
const began = Date.now();

async function renew() {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = page.getElementById(part.id);
    if (!now) continue;
    // What has not changed stays, so that screen readers say nothing and nobody loses the place.
    if (now.innerHTML !== part.innerHTML) part.innerHTML = now.innerHTML;
    if (!("live" in now.dataset)) delete part.dataset.live;
  }
}

async function watch() {
  if (!document.hidden) {
    try { await renew(); } catch { /* The network may come back: ask again. */ }
  }
  if (document.querySelector("[data-live]") && Date.now() - began < GIVE_UP_MS) setTimeout(watch, AGAIN_MS);
}

if (document.querySelector("[data-live]")) setTimeout(watch, AGAIN_MS);
