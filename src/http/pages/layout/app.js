// Asks the page around this one, which is GHL's, for its user, and sends the answer to the service, which alone can
// decrypt it.
"use strict";
(() => {
  // GHL's page may not listen yet when this one is ready, so it is asked again.
  const askAgainMs = 500;
  // GHL answers within moments. After this time the page says what to do; a later answer still counts.
  const patienceMs = 3000;
  const around = window.parent;
  const part = (id) => document.getElementById(id);
  const ask = () => {
    if (around !== window) around.postMessage({ message: "REQUEST_USER_DATA" }, "*");
  };
  const hear = ({ source, data }) => {
    if (source !== around || around === window) return;
    if (data?.message !== "REQUEST_USER_DATA_RESPONSE" || typeof data.payload !== "string") return;
    window.removeEventListener("message", hear);
    clearInterval(asking);
    clearTimeout(waiting);
    part("asking").hidden = false;
    part("unanswered").hidden = true;
    part("exchange").elements.payload.value = data.payload;
    part("exchange").submit();
  };
  part("asking").hidden = false;
  window.addEventListener("message", hear);
  const asking = setInterval(ask, askAgainMs);
  const waiting = setTimeout(() => {
    clearInterval(asking);
    part("asking").hidden = true;
    part("unanswered").hidden = false;
  }, patienceMs);
  ask();
})();
