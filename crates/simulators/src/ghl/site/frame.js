// GHL's part of the custom page: each time the frame asks, tells it the user of the page.
"use strict";

const frame = document.getElementById("app");
if (frame) {
  window.addEventListener("message", async (event) => {
    if (event.source !== frame.contentWindow || event.data?.message !== "REQUEST_USER_DATA") return;
    const told = await fetch(`/sandbox/ghl/user-data${location.search}`, { cache: "no-store" });
    const { payload } = await told.json();
    event.source.postMessage({ message: "REQUEST_USER_DATA_RESPONSE", payload }, event.origin);
  });
}
