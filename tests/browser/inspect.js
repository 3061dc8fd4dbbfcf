// Checks the page or frame as readers see it. Returns a list of sentences, one for each fault.
const faults = [];
const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().width > 0;
const told = (element) => `<${element.tagName.toLowerCase()}${element.id ? ` id=${element.id}` : ""}${element.name ? ` name=${element.name}` : ""}> ${element.textContent.trim().slice(0, 60)}`;

/** The name that a screen reader reads, for the kinds of names that these pages use. */
function nameOf(element) {
  const by = element.getAttribute("aria-labelledby");
  if (by) return by.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ").trim();
  const label = element.getAttribute("aria-label");
  if (label) return label.trim();
  if (element.labels?.length) return [...element.labels].map((one) => one.textContent).join(" ").trim();
  if (/^(INPUT|SELECT|TEXTAREA|IFRAME)$/.test(element.tagName)) return (element.getAttribute("title") ?? "").trim();
  const pictures = [...element.querySelectorAll("img, svg")].map((one) => one.getAttribute("alt") ?? one.getAttribute("aria-label") ?? "");
  return (element.textContent + pictures.join(" ")).trim();
}

/** Red, green, blue and opacity of a colour, in any notation. */
function parts(colour) {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
  return { rgb: [red, green, blue], alpha: alpha / 255 };
}

const known = new Map();
function colourOf(colour) {
  if (!known.has(colour)) known.set(colour, parts(colour));
  return known.get(colour);
}

function brightness(rgb) {
  const [red, green, blue] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The background of an element's text: the nearest opaque one. */
function behind(element) {
  for (let one = element; one; one = one.parentElement) {
    const { rgb, alpha } = colourOf(getComputedStyle(one).backgroundColor);
    if (alpha > 0.99) return rgb;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
}

const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) {
  const wide = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > root.clientWidth + 0.5);
  faults.push(`it is ${root.scrollWidth} px wide in a window of ${root.clientWidth}: ${wide.slice(0, 3).map(told).join("; ")}`);
}
if (!root.lang) faults.push("its language is not said");
if (document.querySelectorAll("h1").length !== 1) faults.push("it has no heading, or more than one");
for (const image of document.images) {
  if (image.complete && image.naturalWidth === 0) faults.push(`a picture does not load: ${image.src.slice(0, 80)}`);
  if (!image.hasAttribute("alt")) faults.push(`a picture has no words: ${image.src.slice(0, 80)}`);
}
const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
for (const id of ids.filter((id, index) => ids.indexOf(id) !== index)) faults.push(`two parts have the id ${id}`);
for (const control of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href], summary, iframe")) {
  if (shown(control) && !nameOf(control)) faults.push(`it has no name: ${control.outerHTML.slice(0, 120)}`);
}
for (const one of document.querySelectorAll("button, .button, .pill")) {
  // A button in a column that is too narrow breaks between its letters.
  const { width, height } = one.getBoundingClientRect();
  if (shown(one) && height > width && one.textContent.trim().length > 4) faults.push(`it is squeezed: ${told(one)}`);
}
for (const list of ["aria-describedby", "aria-labelledby", "for"]) {
  for (const element of document.querySelectorAll(`[${list}]`)) {
    for (const id of element.getAttribute(list).split(/\s+/)) {
      if (id && !document.getElementById(id)) faults.push(`${list} leads nowhere: ${element.outerHTML.slice(0, 120)}`);
    }
  }
}
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const pale = new Set();
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.textContent.trim() || !shown(element) || element.closest("script, style, noscript, svg, [disabled]")) continue;
  const style = getComputedStyle(element);
  const ink = colourOf(style.color);
  const paper = behind(element);
  const rgb = ink.rgb.map((value, index) => value * ink.alpha + paper[index] * (1 - ink.alpha));
  const [light, dark] = [brightness(rgb), brightness(paper)].sort((a, b) => b - a);
  const ratio = (light + 0.05) / (dark + 0.05);
  const size = parseFloat(style.fontSize);
  const least = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight, 10) >= 700) ? 3 : 4.5;
  if (ratio < least) pale.add(`its contrast is ${ratio.toFixed(2)}: ${told(element)}`);
  if (style.overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1) faults.push(`it is cut off: ${told(element)}`);
}
return [...faults, ...pale];
