// GHL's side of the custom page: tells the frame, when it asks, who looks at it.
"use strict";

const frame = document.getElementById("app");
if (frame) {
  window.addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.data?.message !== "REQUEST_USER_DATA") return;
    const answer = { message: "REQUEST_USER_DATA_RESPONSE", payload: frame.dataset.payload };
    event.source.postMessage(answer, event.origin);
  });
}
