// Lets Back and reload lead somewhere.
"use strict";
(() => {
  // The answer to a form would be asked for by sending the form again, and the browser asks the reader about that. As an entry of
  // the history that the page itself made, it is asked for like any address, and a form's address leads to the page with the form.
  history.replaceState(history.state, "", location.href);
  // A page that the browser kept for Back says what was, not what is.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
