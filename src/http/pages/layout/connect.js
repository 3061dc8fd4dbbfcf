// The script of the connect page: renews the QR code, polls for the linked phone, and polls whether GHL names us as
// the SMS provider.
"use strict";

// WhatsApp changes a code about every 20 s.
const PICTURE_MS = 10000;
const STATE_MS = 3000;
const CHECK_MS = 5000;
// After so many pictures that did not come, the page says what may be wrong.
const STUCK_AFTER = 5;
// So often it is looked whether another request has got its answer.
const LOAD_MS = 3000;
// A server that has not answered after so long is away: what it asks Waapify takes less.
const LONGEST_ANSWER_MS = 30000;
// After so many questions without an answer the page says so: one may be lost.
const AWAY_AFTER = 2;
// Polling ends after this time; then a button starts it again.
const GIVE_UP_MS = 10 * 60 * 1000;

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet";
  made.textContent = text;
  made.addEventListener("click", () => { made.remove(); act(); });
  return made;
}

function watchQr(figure) {
  const picture = figure.querySelector("img");
  const said = figure.querySelector("[data-said]");
  const end = Date.now() + GIVE_UP_MS;
  let is_over = false;
  let failures = 0;
  // Questions in a row that the server did not answer.
  let unanswered = 0;
  const isAway = () => unanswered >= AWAY_AFTER;
  const renew = () => { picture.src = figure.dataset.picture + "?at=" + Date.now(); };
  picture.addEventListener("error", () => {
    picture.hidden = true;
    failures += 1;
    if (!isAway()) said.textContent = failures > STUCK_AFTER ? figure.dataset.stuck : figure.dataset.late;
    if (!is_over) setTimeout(renew, STATE_MS);
  });
  picture.addEventListener("load", () => {
    picture.hidden = false;
    failures = 0;
    if (!is_over) setTimeout(renew, PICTURE_MS);
  });
  renew();
  const stop = () => {
    is_over = true;
    picture.hidden = true;
    figure.append(button(figure.dataset.over, () => location.reload()));
  };
  const ask = async () => {
    // While the server is away there is nothing to start again.
    if (Date.now() > end && !isAway()) return stop();
    try {
      const signal = AbortSignal.timeout(LONGEST_ANSWER_MS);
      const answer = await fetch(figure.dataset.state, { cache: "no-store", signal });
      if (answer.status === 404) return location.reload();
      const { state, text } = await answer.json();
      if (state === "linked") return location.reload();
      if (isAway()) failures = 0;
      if (isAway() || !picture.hidden || state !== "waiting") said.textContent = text;
      unanswered = 0;
      if (state === "stopped") return stop();
    } catch {
      // The network may come back: ask again.
      unanswered += 1;
      if (isAway()) {
        said.textContent = figure.dataset.away;
        // The code on the screen is an old one.
        picture.hidden = true;
      }
    }
    setTimeout(ask, STATE_MS);
  };
  setTimeout(ask, STATE_MS);
}

function watchProvider(section) {
  const answer = section.querySelector("[data-answer]");
  let end = Date.now() + GIVE_UP_MS / 2;
  let last = "";
  const ask = async () => {
    try {
      const response = await fetch(section.dataset.check, { cache: "no-store" });
      if (response.ok) {
        const text = await response.text();
        // Unchanged text is not replaced, so that screen readers do not repeat it.
        if (text !== last) answer.innerHTML = text;
        last = text;
      }
      if (answer.querySelector("[data-state=good]")) {
        // The page of a new number has a next step.
        if (section.closest("[data-goes-on]")) return location.reload();
        section.querySelectorAll(".steps > li").forEach((step) => step.classList.add("done"));
        section.querySelector("h2").textContent = section.dataset.done;
        return;
      }
      if (response.status === 404) return;
    } catch { /* The network may come back: ask again. */ }
    if (Date.now() < end) return void setTimeout(ask, CHECK_MS);
    answer.after(button(section.dataset.again, () => { end = Date.now() + GIVE_UP_MS / 2; ask(); }));
  };
  if (!answer.querySelector("[data-state=good]")) setTimeout(ask, CHECK_MS);
}

document.querySelectorAll("figure[data-picture]").forEach(watchQr);
document.querySelectorAll("section[data-check]").forEach(watchProvider);
// A second click would only ask again for what is on its way.
function watchForm(form) {
  const begin = () => {
    const send = form.querySelector("button[type=submit]");
    send.disabled = true;
    send.textContent = form.dataset.busy;
  };
  form.addEventListener("submit", begin);
  // The page is sent by itself, not by loading it: robots load pages, too.
  if ("auto" in form.dataset) form.requestSubmit();
}

function offerCopy(field) {
  const { copy, copied } = field.dataset;
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet small";
  made.textContent = copy;
  made.addEventListener("click", async () => {
    field.select();
    // Browsers refuse it in some frames; then the text is selected, to be copied by hand.
    try { await navigator.clipboard.writeText(field.value); } catch { return; }
    made.textContent = copied;
  });
  field.after(made);
}

// The list of sub-accounts from which this tab came: the way to the next one. A tab keeps it to itself.
const LIST = "list-of-sub-accounts";
function rememberList() {
  try { sessionStorage.setItem(LIST, location.pathname); } catch { /* Browsers may refuse it in frames. */ }
}
function showNext(part) {
  let list = null;
  try { list = sessionStorage.getItem(LIST); } catch { /* As above. */ }
  if (!list?.startsWith("/") || list.startsWith("//")) return;
  part.querySelector("a").href = list;
  part.hidden = false;
}

document.querySelectorAll("form[data-busy]").forEach(watchForm);
document.querySelectorAll("input[data-copy]").forEach(offerCopy);
document.querySelectorAll("[data-load]").forEach((part) => setTimeout(() => location.replace(part.dataset.load), LOAD_MS));
if (document.querySelector("[data-list]")) rememberList();
document.querySelectorAll("[data-next]").forEach(showNext);
// In a window of its own there is nothing to go back to.
if (window.top === window) document.querySelectorAll("[data-framed]").forEach((part) => { part.hidden = true; });
// Focuses the wrong field, also in browsers that ignore `autofocus`.
document.querySelector("[aria-invalid=true]")?.focus();
