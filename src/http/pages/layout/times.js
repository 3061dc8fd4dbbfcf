// Shows the times of a page in the reader's own time zone, and says so. Without this script they are in the zone that stands
// beside them.
"use strict";
(() => {
  const two = (number) => String(number).padStart(2, "0");
  const distance = (at) => {
    const minutes = -at.getTimezoneOffset(), hours = Math.trunc(Math.abs(minutes) / 60), rest = Math.abs(minutes) % 60;
    if (minutes === 0) return "UTC";
    return `UTC${minutes < 0 ? "-" : "+"}${hours}${rest ? ":" + two(rest) : ""}`;
  };
  const shown = (at, seconds) => {
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    return `${day} ${two(at.getHours())}:${two(at.getMinutes())}${seconds ? ":" + two(at.getSeconds()) : ""} ${distance(at)}`;
  };
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const localize = (root) => {
    for (const time of root.querySelectorAll("time[data-local]")) {
      const at = new Date(time.dateTime);
      if (isNaN(at)) continue;
      const text = shown(at, time.dataset.local === "seconds");
      if (time.dataset.local === "title") time.title = text; else time.textContent = text;
    }
    for (const note of root.querySelectorAll("[data-yours]")) {
      if (own && own !== note.dataset.zone) note.textContent = `${note.dataset.yours}${own}.`;
    }
  };
  // For the script that keeps a page up to date, before it compares.
  window.localizeTimes = localize;
  localize(document);
})();
