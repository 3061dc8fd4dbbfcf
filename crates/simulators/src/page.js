// Shows the sandbox's state and runs its controls. Data is put into the page only as text.
"use strict";

const POLL_MS = 1000;
const $ = (id) => document.getElementById(id);
const view = { state: null, contact: null, customer: null, drawn: {}, seen: new Set(), reading: false, lost: false, about: null, open: new Map() };

/** Creates an element with a class, children or text, and attributes. */
function el(tag, className, content, attributes = {}) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (Array.isArray(content)) node.append(...content.filter(Boolean));
  else if (content !== undefined && content !== null) node.textContent = content;
  return node;
}

const TICKS = {
  pending: ["Waiting", "0 0 16 16", "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 4.5V8l2.5 1.5"],
  sent: ["Sent", "0 0 18 12", "M3 6.5 6.5 10 14 2"],
  delivered: ["Delivered", "0 0 18 12", "M1 6.5 4.5 10 12 2M8.5 9l1 1L17 2"],
  read: ["Read", "0 0 18 12", "M1 6.5 4.5 10 12 2M8.5 9l1 1L17 2"],
  failed: ["Failed", "0 0 16 16", "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM8 4.5v4.2M8 11v.3"],
};

const CLIP = "M13 7.5 7.8 12.7a3.2 3.2 0 0 1-4.5-4.5L9 2.5a2.1 2.1 0 0 1 3 3l-5.7 5.7a1 1 0 0 1-1.5-1.5L9.8 4.8";

/** A line drawing. It has a label if it says something that no text says. */
function drawing(className, box, path, label) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const named = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  const frame = { class: className, viewBox: box, ...named };
  const stroke = { d: path, fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linecap": "round", "stroke-linejoin": "round" };
  for (const [name, value] of Object.entries(frame)) svg.setAttribute(name, value);
  for (const [name, value] of Object.entries(stroke)) line.setAttribute(name, value);
  svg.append(line);
  return svg;
}

/** The tick for a GHL status. */
function tick(status) {
  const [label, box, path] = TICKS[status] || TICKS.pending;
  return drawing(`tick ${status}`, box, path, label);
}

const digits = (phone) => (phone || "").replace(/\D/g, "");
const isHidden = (phone) => phone.endsWith("@lid");
const initials = (name) => (name || "?").split(/\s+/).slice(0, 2).map((word) => word[0] || "").join("").toUpperCase() || "?";
const two = (number) => String(number).padStart(2, "0");

function clock(at, seconds) {
  const date = new Date(at);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return seconds ? `${time}:${two(date.getSeconds())}` : time;
}

/** A file's name, or the name in its address. It is a link if a browser may open the address. */
function file(address, given) {
  let url = null;
  let name = given || address;
  try {
    url = new URL(address);
    name = given || decodeURIComponent(url.pathname.split("/").pop() || url.host);
  } catch { /* not a URL, or a broken escape: shown unchanged */ }
  const shown = [drawing("clip", "0 0 16 16", CLIP), el("span", "", name)];
  if (!url || !/^https?:$/.test(url.protocol)) return el("span", "file", shown);
  return el("a", "file", shown, { href: url.href, target: "_blank", rel: "noopener noreferrer" });
}

function bubble({ id, about, text, files, label, at, right, status, reason }) {
  const fresh = !view.seen.has(id);
  view.seen.add(id);
  return el("li", `bubble${right ? " right" : ""}${fresh ? " fresh" : ""}`, [
    ...files.map((address) => el("div", "", [file(address, label)])),
    text ? el("div", "text", text) : null,
    el("div", "meta", [aboutButton(about), el("time", "", clock(at), { datetime: at }), status ? tick(status) : null]),
    reason ? el("div", "reason", reason) : null,
  ]);
}

/** Shows only the exchanges of one message. */
function aboutButton(id) {
  const button = el("button", "about", "wires", { type: "button", "data-key": `about-${id}`, title: "Show what this message sent over the wires", "aria-pressed": String(view.about === id) });
  button.addEventListener("click", () => showAbout(view.about === id ? null : id));
  return button;
}

async function showAbout(id) {
  view.about = id;
  await refresh();
}

/** Redraws `target` if `data` has changed. Keeps the focus, and keeps the end visible. */
function draw(target, data, items) {
  const key = JSON.stringify(data);
  if (view.drawn[target.id] === key) return;
  view.drawn[target.id] = key;
  const focused = document.activeElement?.dataset?.key;
  const inside = target.contains(document.activeElement);
  target.replaceChildren(...items());
  if (inside && focused) target.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  toEnd(target);
}

/** Keeps the end of a conversation visible, unless the reader has scrolled up. */
function toEnd(thread) {
  if (thread.dataset.end === "watched") thread.scrollTop = thread.scrollHeight;
}

function watchEnd(thread) {
  thread.dataset.end = "watched";
  thread.addEventListener("scroll", () => {
    const below = thread.scrollHeight - thread.scrollTop - thread.clientHeight;
    thread.dataset.end = below < 60 ? "watched" : "left";
  });
  new ResizeObserver(() => toEnd(thread)).observe(thread);
}

function drawContacts() {
  const { contacts } = view.state;
  draw($("contacts"), [contacts, view.contact], () => contacts.map((contact) => {
    const last = contact.messages.at(-1);
    const button = el("button", "contact", [
      el("span", "avatar", initials(contact.name), { "aria-hidden": "true" }),
      el("div", "", [
        el("strong", "", contact.name || contact.phone),
        el("span", "last", last ? last.text || "Attachment" : "No messages yet"),
      ]),
      el("span", "number", contact.phone || "no phone"),
    ], { type: "button", "data-key": contact.id, "aria-current": String(contact.id === view.contact) });
    button.addEventListener("click", () => chooseContact(contact));
    return el("li", "", [button]);
  }));
}

function drawConversation() {
  const contact = chosenContact();
  const messages = contact ? contact.messages : [];
  draw($("ghl-thread"), [view.contact, view.about, messages], () => {
    if (!messages.length) return [el("li", "empty", contact ? `Nothing said yet with ${contact.name}. Write as the business below, or as the customer on the phone.` : "No contacts.")];
    return messages.map((message) => bubble({
      id: message.id,
      about: message.id,
      text: message.text,
      files: message.attachments,
      at: message.at,
      right: message.direction === "outbound",
      status: message.direction === "outbound" ? message.status : null,
      reason: message.status === "failed" ? message.error?.message || "It failed without a reason." : null,
    }));
  });
  $("redeliver").disabled = !lastOutbound();
  $("dnd").setAttribute("aria-pressed", String(Boolean(contact?.dnd)));
  $("dnd").textContent = contact?.dnd ? "Do Not Disturb: on" : "Do Not Disturb: off";
  const other = view.state.other_provider;
  $("other-provider").hidden = !other;
  $("other-provider").textContent = other && `SMS provider: ${other}. What the business writes does not come to the service; choose it in GHL's settings.`;
}

const EDGES = {
  ghl_to_service: ["GHL → service", "ghl"],
  service_to_ghl: ["service → GHL", "ghl"],
  service_to_waapify: ["service → Waapify", "waapify"],
  service_to_whatsapp: ["service → WhatsApp", "waapify"],
  waapify_to_service: ["Waapify → service", "waapify"],
};

function drawTraffic() {
  const { traffic } = view.state;
  $("traffic-count").textContent = traffic.length === 1 ? "1 exchange" : `${traffic.length} exchanges`;
  $("traffic-all").hidden = !view.about;
  const key = [traffic.map(({ number }) => number), [...view.open]];
  draw($("traffic"), key, () => {
    if (!traffic.length) return [el("li", "empty", view.about ? "This message has crossed no wire." : "Nothing yet. Send something and watch it travel.")];
    return traffic.toReversed().map((exchange) => {
      const [label, vendor] = EDGES[exchange.edge];
      const bad = exchange.status === null || exchange.status >= 400 || /· refused/.test(exchange.summary);
      const key = `traffic-${exchange.number}`;
      const fresh = view.seen.has(key) ? "" : "fresh";
      view.seen.add(key);
      return el("li", fresh, [
        el("div", "hop", [
          el("span", `edge ${vendor}`, label),
          el("span", `status${bad ? " bad" : ""}`, exchange.status === null ? "no answer" : String(exchange.status)),
          el("time", "", `${clock(exchange.at, true)} · ${exchange.took_ms} ms`, { datetime: exchange.at }),
        ]),
        el("div", "said", exchange.summary),
        el("div", "path", `${exchange.method} ${exchange.path}`, { title: exchange.path }),
        openButton(exchange.number),
        view.open.get(exchange.number) ? inFull(view.open.get(exchange.number)) : null,
      ]);
    });
  });
}

/** Opens an exchange, or closes it. An exchange does not change, so it is fetched once. */
function openButton(number) {
  const isOpen = view.open.has(number);
  const button = el("button", "quiet open", isOpen ? "Close" : "Headers and bodies", { type: "button", "data-key": `open-${number}`, "aria-expanded": String(isOpen) });
  button.addEventListener("click", async () => {
    if (view.open.delete(number)) return render();
    try {
      const answer = await fetch(`/sandbox/exchanges/${number}`, { cache: "no-store" });
      const said = await answer.json();
      if (!answer.ok) return notice(said.error);
      view.open.set(number, said);
      render();
    } catch {
      notice("The sandbox does not answer.");
    }
  });
  return button;
}

/** Both sides of an exchange, and the command that repeats it. */
function inFull({ method, address, request, answer, curl }) {
  const copy = el("button", "quiet", "Copy as curl", { type: "button" });
  copy.disabled = !curl;
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(curl);
      notice("Copied.", true);
    } catch {
      notice("The browser does not allow to copy; the command is shown below the button.");
    }
  });
  return el("div", "wire", [
    el("h3", "", "Request"), side(request, `${method} ${address}`),
    el("h3", "", "Answer"), answer ? side(answer) : el("p", "", "No answer came."),
    copy, curl ? el("pre", "curl", curl) : el("p", "", "Its body is not text or too long, so there is no command."),
  ]);
}

function side({ headers, body, bytes }, first) {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  const shown = body === null ? `(${bytes} bytes that are not text, or too many to be kept)` : pretty(body);
  return el("pre", "", [first, ...lines, "", shown].filter((line) => line !== undefined).join("\n"));
}

/** JSON with line breaks; anything else unchanged. */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function drawPhone() {
  const { customers, business } = view.state;
  const names = customers.map(({ phone, name }) => [phone, name]);
  draw($("customer"), names, () => names.map(([phone, name]) => el("option", "", `${name || "Someone"} · ${isHidden(phone) ? "hides the number" : `+${phone}`}`, { value: phone })));
  $("customer").value = view.customer;
  $("business-name").textContent = business.name;
  $("business-number").textContent = `+${business.number}`;
  $("business-avatar").textContent = initials(business.name);
  const customer = chosenCustomer();
  const messages = customer ? customer.messages : [];
  draw($("phone-thread"), [view.customer, view.about, messages.map(({ ack, ...rest }) => rest)], () => {
    if (!messages.length) return [el("li", "empty", `No messages between ${customer?.name || "the customer"} and ${business.name} yet.`)];
    return messages.map((message) => bubble({
      id: `phone-${message.id}`,
      about: message.id,
      text: message.edits ? `Edited: ${message.text}` : message.text,
      files: message.media_url ? [message.media_url] : [],
      label: message.file_name && `${message.kind} · ${message.file_name}`,
      at: message.at,
      right: !message.from_business,
    }));
  });
  $("kinds").querySelector("[data-kind=number]").hidden = !isHidden(view.customer || "");
  const unread = unreadCount();
  $("unread").hidden = unread === 0;
  $("unread").textContent = `${unread} unread`;
}

function drawLine() {
  const { linked } = view.state;
  $("location").textContent = view.state.location;
  $("line-dot").className = `dot ${linked ? "on" : "off"}`;
  $("line-text").textContent = linked ? "WhatsApp is linked" : "WhatsApp is unlinked";
  $("line-button").textContent = linked ? "Unlink" : "Link again";
  $("line-button").disabled = false;
  $("scan-button").hidden = !view.state.shows_qr;
}

/** Shows the positions of the levers. A select that is open keeps what is being chosen. */
function drawLevers() {
  const { gateway, ghl, echo_lost } = view.state.levers;
  const on = gateway !== "none" || ghl !== "none" || echo_lost;
  for (const [id, value] of [["lever-gateway", gateway], ["lever-ghl", ghl]]) {
    if ($(id).dataset.shown !== value) $(id).value = $(id).dataset.shown = value;
  }
  $("lever-echo").checked = echo_lost;
  $("levers").classList.toggle("on", on);
  $("levers-state").textContent = on ? "Faults are on" : "No faults";
  $("levers-normal").disabled = !on;
}

async function pullLevers(wanted) {
  await pull("levers", wanted);
  await refresh();
}

const chosenContact = () => view.state?.contacts.find(({ id }) => id === view.contact);
const chosenCustomer = () => view.state?.customers.find(({ phone }) => phone === view.customer);
const lastOutbound = () => chosenContact()?.messages.findLast(({ direction, deliveries }) => direction === "outbound" && deliveries > 0);
const unreadCount = () => (chosenCustomer()?.messages || []).filter((message) => message.from_business && message.ack < 4).length;

function chooseContact(contact) {
  view.contact = contact.id;
  $("ghl-thread").dataset.end = "watched";
  $("phone-thread").dataset.end = "watched";
  const phone = digits(contact.phone);
  if (view.state.customers.some((customer) => customer.phone === phone)) view.customer = phone;
  render();
}

function render() {
  if (!view.state) return;
  view.contact ??= view.state.contacts[0]?.id;
  view.customer ??= digits(chosenContact()?.phone) || view.state.customers[0]?.phone;
  if (!chosenCustomer()) view.customer = view.state.customers[0]?.phone;
  drawLine();
  drawLevers();
  drawContacts();
  drawConversation();
  drawTraffic();
  drawPhone();
}

let noticeTimer = 0;
function notice(text, good = false, stays = false) {
  clearTimeout(noticeTimer);
  $("notice").textContent = text;
  $("notice").className = good ? "notice good" : "notice";
  $("notice").hidden = !text;
  if (text && !stays) noticeTimer = setTimeout(() => notice(""), 5000);
}

/** Posts an action. Returns the answer's JSON, or null after it has shown the error. */
async function pull(path, body) {
  try {
    const answer = await fetch(`/sandbox/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    notice(said.error || `The sandbox answered ${answer.status}.`);
  } catch {
    notice("The sandbox does not answer.");
  }
  return null;
}

async function read() {
  if (view.reading || unreadCount() === 0) return;
  view.reading = true;
  await pull("customer/read", { phone: view.customer });
  await refresh();
  view.reading = false;
}

let asking = 0;
async function refresh() {
  const turn = ++asking;
  try {
    const answer = await fetch(`/sandbox/state${view.about ? `?about=${encodeURIComponent(view.about)}` : ""}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const state = await answer.json();
    if (turn !== asking) return; // a later request has already been answered
    view.state = state;
    if (view.lost) notice("");
    view.lost = false;
    render();
  } catch {
    view.lost = true;
    notice("The sandbox does not answer. Trying again…", false, true);
  }
}

async function poll() {
  await refresh();
  const open = document.hasFocus() && $("device").contains(document.activeElement);
  if (open || $("auto-read").checked) await read();
  setTimeout(poll, POLL_MS);
}

/** Enter sends, Shift+Enter begins a new line; neither while an input method is composing. */
function enterSends(area, form) {
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}

$("agent-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("agent-text").value.trim();
  const attachment = $("agent-attachment").value.trim();
  if (!view.contact || (!text && !attachment)) return;
  if (await pull("agent", { contact_id: view.contact, text, attachment: attachment || null })) {
    $("agent-text").value = "";
    $("agent-attachment").value = "";
    await refresh();
  }
});

$("customer-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("customer-text").value.trim();
  if (!view.customer || !text) return;
  if (await pull("customer", { phone: view.customer, text })) {
    $("customer-text").value = "";
    await refresh();
  }
});

for (const button of $("kinds").querySelectorAll("button")) {
  button.addEventListener("click", async () => {
    const text = $("customer-text").value.trim();
    if (await pull("customer", { phone: view.customer, kind: button.dataset.kind, text })) {
      if (["picture", "edit"].includes(button.dataset.kind)) $("customer-text").value = "";
      if (isHidden(view.customer)) notice("The number is hidden: the service waits until somebody tells it, 15 minutes at most.", true);
      await refresh();
    }
  });
}

$("traffic-all").addEventListener("click", () => showAbout(null));

$("campaign").addEventListener("click", async () => {
  const text = $("agent-text").value.trim();
  if (!view.contact || !text) return;
  if (await pull("campaign", { contact_id: view.contact, text })) {
    $("agent-text").value = "";
    await refresh();
  }
});

$("dnd").addEventListener("click", async () => {
  if (!view.contact) return;
  await pull("dnd", { contact_id: view.contact, on: !chosenContact()?.dnd });
  await refresh();
});

$("redeliver").addEventListener("click", async () => {
  const last = lastOutbound();
  const said = last && await pull("redeliver", { message_id: last.id });
  if (said) notice(said.answered ? `GHL posted the same bytes again; the service answered ${said.answered}.` : "GHL posted again; no answer came.", Boolean(said.answered));
  await refresh();
});

$("line-button").addEventListener("click", async () => {
  $("line-button").disabled = true;
  await pull("link", { linked: !view.state.linked });
  await refresh();
});

$("scan-button").addEventListener("click", async () => {
  if (await pull("scan", {})) notice("The business's phone has scanned the QR code.", true);
  await refresh();
});

$("levers").addEventListener("change", () => pullLevers({
  gateway: $("lever-gateway").value,
  ghl: $("lever-ghl").value,
  echo_lost: $("lever-echo").checked,
}));
$("levers").addEventListener("submit", (event) => event.preventDefault());
$("levers-normal").addEventListener("click", () => pullLevers({}));

$("customer").addEventListener("change", (event) => {
  view.customer = event.target.value;
  const contact = view.state.contacts.find(({ phone }) => digits(phone) === view.customer);
  if (contact) view.contact = contact.id;
  render();
});

$("device").addEventListener("focusin", read);
$("device").addEventListener("click", read);
watchEnd($("ghl-thread"));
watchEnd($("phone-thread"));
enterSends($("agent-text"), $("agent-form"));
enterSends($("customer-text"), $("customer-form"));
poll();
