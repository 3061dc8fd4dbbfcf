// Shows all times of a page in one time zone, and names it once. That is the zone of the page's chart, whose days the server
// counts; else the sub-account's, where the page says so; else the reader's own. Without this script the times are in the zone
// that the page names.
"use strict";
(() => {
  const YEAR_S = 365 * 24 * 3600;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

  const formats = new Map();
  const partsOf = (at, zone) => {
    const fields = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
    if (!formats.has(zone)) {
      const options = { ...fields, timeZone: zone, hourCycle: "h23", timeZoneName: "longOffset" };
      formats.set(zone, new Intl.DateTimeFormat("en-GB", options));
    }
    return Object.fromEntries(formats.get(zone).formatToParts(at).map(({ type, value }) => [type, value]));
  };
  // GMT+08:00 as UTC+8, as the server writes it.
  const distance = (name) => name.replace("GMT", "UTC").replace(/([+-])0/, "$1").replace(/:00$/, "");
  const day = (parts) => `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}`;

  const zoneOf = (root) => root.querySelector("[data-chart-zone]")?.dataset.chartZone
    ?? root.querySelector("[data-one-zone]")?.dataset.zone ?? own;

  const localize = (root) => {
    const zone = zoneOf(root);
    for (const time of root.querySelectorAll("time[data-local]")) {
      const at = new Date(time.dateTime);
      if (isNaN(at)) continue;
      const parts = partsOf(at, zone);
      const text = day(parts) + (time.dataset.local === "seconds" ? `:${parts.second}` : "");
      if (time.dataset.local !== "title") time.textContent = text;
      time.title = `${text} ${distance(parts.timeZoneName)}`;
    }
    for (const note of root.querySelectorAll("[data-yours]")) {
      note.textContent = `${zone === own ? note.dataset.yours : note.dataset.others}${zone}.`;
    }
  };

  // The server draws the operator's charts in the days of this zone. A cookie tells it, because nothing else does.
  if (location.pathname.startsWith("/operator")) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `zone=${own}; Path=/operator; SameSite=Strict; Max-Age=${YEAR_S}${secure}`;
  }
  // For the script that keeps a page up to date: before it compares, and for the time that it says.
  window.localizeTimes = localize;
  window.pageZone = () => zoneOf(document);
  localize(document);
})();
