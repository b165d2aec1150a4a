/* The judging page by keyboard: ranks, focus, the order line. Everything here repeats what the
   form does without script. Listens on the document, so a swapped-in item needs no set-up. */

const form = () => document.getElementById("judgment");
const cards = () => [...document.querySelectorAll(".response")];
const radios = (card) => [...card.querySelectorAll(".rank input")];
const checked = (card) => radios(card).find((radio) => radio.checked);
const letter = (card) => card.dataset.letter;

/** The rank of a response: a number, "x" for unacceptable, null for none. */
function rankOf(card) {
  const value = checked(card)?.value;
  return value === undefined ? null : value === "x" ? "x" : Number(value);
}

function setRank(card, rank) {
  const radio = radios(card).find((one) => one.value === String(rank));
  if (rank !== null && !radio) return;
  const before = checked(card);
  if (rank === null) {
    if (!before) return;
    before.checked = false;
  } else {
    radio.checked = true;
    if (card.contains(document.activeElement)) radio.focus({ preventScroll: true });
  }
  (radio ?? before).dispatchEvent(new Event("change", { bubbles: true }));
}

/** The response that keys speak of: the one with the focus, else the one that had it last. */
let last = "A";
function current() {
  const here = document.activeElement?.closest?.(".response");
  return here ?? cards().find((card) => letter(card) === last) ?? cards()[0];
}

function focusCard(card) {
  if (!card) return;
  (checked(card) ?? radios(card)[0]).focus({ preventScroll: true });
  // A response longer than the screen (stacked, on a phone) is read from its start.
  const block = card.offsetHeight > innerHeight * 0.8 ? "start" : "nearest";
  card.scrollIntoView({ block, inline: "nearest" });
}

function step(by) {
  const all = cards();
  const next = all[all.indexOf(current()) + by];
  const criterion = document.activeElement?.closest?.(".criterion");
  if (next && criterion) {
    const index = [...criterion.parentElement.children].indexOf(criterion);
    showRatings(next);
    focusCriterion(next, index);
  } else focusCard(next);
}

/* Tiers and the order line */

function tiers() {
  const byRank = new Map();
  for (const card of cards()) {
    const rank = rankOf(card);
    if (typeof rank === "number") byRank.set(rank, [...(byRank.get(rank) ?? []), letter(card)]);
  }
  return [...byRank.keys()].sort((a, b) => a - b).map((rank) => byRank.get(rank));
}

// What was said about a step is remembered by the two tiers it lies between, so that another
// order never inherits it.
const said = new Map();
const stepName = (upper, lower) => `${upper.join("")}>${lower.join("")}`;

function make(tag, text, attributes = {}) {
  const node = document.createElement(tag);
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function strengthSelect(upper, lower, index) {
  const label = `How much better: ${upper.join(" and ")} over ${lower.join(" and ")}`;
  const select = make("select", "", {
    name: `strength_${index}`, form: "judgment", "aria-label": label,
  });
  for (const [value, word] of [["", "how much?"], ["1", "slightly"], ["2", "clearly"], ["3", "far"]])
    select.append(new Option(word, value));
  const name = stepName(upper, lower);
  select.value = said.get(name) ?? "";
  select.addEventListener("change", () => said.set(name, select.value));
  return select;
}

function tierNode(names) {
  const node = make("span", "", { class: "tier" });
  names.forEach((name, i) => node.append(...(i ? [make("i", "=")] : []), name));
  return node;
}

function drawOrder() {
  const line = document.getElementById("order");
  if (!line) return;
  const order = tiers();
  const floor = cards().filter((card) => rankOf(card) === "x").map(letter);
  const rest = cards().filter((card) => rankOf(card) === null).map(letter);
  const parts = [make("span", "Order: ", { class: "vh" })];
  order.forEach((tier, i) => {
    if (i) {
      parts.push(make("i", ">"));
      if ("asksStrength" in line.dataset) parts.push(strengthSelect(order[i - 1], tier, i));
    }
    parts.push(tierNode(tier));
  });
  if (!order.length && !floor.length) parts.push(make("em", "Nothing ranked yet"));
  if (floor.length) parts.push(make("em", `${floor.join(", ")} unacceptable`, { class: "rest" }));
  if (rest.length && (order.length || floor.length))
    parts.push(make("em", `${rest.join(", ")} not ranked`, { class: "rest" }));
  line.replaceChildren(...parts);
}

function announce(card) {
  const rank = rankOf(card);
  const others = cards().filter((one) => one !== card && rankOf(one) === rank).map(letter);
  const tied = typeof rank === "number" && others.length ? `, tied with ${others.join(" and ")}` : "";
  const what =
    rank === null ? "has no rank" : rank === "x" ? "unacceptable" : `rank ${rank} of ${cards().length}${tied}`;
  document.getElementById("live").textContent = `Response ${letter(card)} ${what}`;
}

function tieWithAbove(card) {
  const mine = rankOf(card);
  const ranks = cards().filter((one) => one !== card).map(rankOf).filter((r) => typeof r === "number");
  const above = ranks.filter((rank) => typeof mine !== "number" || rank < mine);
  if (above.length) setRank(card, Math.max(...above));
}

function shift(card, by) {
  const rank = rankOf(card);
  if (typeof rank === "number") setRank(card, Math.min(Math.max(rank + by, 1), cards().length));
}

/* The rubric panel */

const lettersOf = (card) => letter(card).toLowerCase();

function showRatings(card) {
  last = letter(card);
  const radio = document.getElementById(`on-${lettersOf(card)}`);
  if (radio) radio.checked = true;
}

function focusCriterion(card, index = 0) {
  const criterion = document.querySelectorAll(`.ratings-${lettersOf(card)} .criterion`)[index];
  const target = criterion?.querySelector("input:checked") ?? criterion?.querySelector("input");
  target?.focus();
  return Boolean(target);
}

function rate(criterion, value) {
  const radio = criterion.querySelector(`input[value="${value}"]`);
  if (!radio) return;
  radio.checked = true;
  radio.focus();
  radio.dispatchEvent(new Event("change", { bubbles: true }));
}

/* Keys */

const isText = (node) => node.matches("textarea, select, input:not([type=radio], [type=checkbox])");

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  J: () => shift(current(), 1),
  K: () => shift(current(), -1),
  x: () => setRank(current(), "x"),
  0: () => setRank(current(), null),
  "=": () => tieWithAbove(current()),
  m: () => current().querySelector(".switch input").click(),
  r: () =>
    document.activeElement.closest(".criterion") ? focusCard(current()) : focusCriterion(current()),
  c: () => document.getElementById("rationale")?.focus(),
  s: () => document.getElementById("skip").showPopover(),
  "?": () => document.getElementById("keys").showPopover(),
};

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.isComposing || !target.closest) return;
  const reasons = target.closest("#skip");
  if (reasons) {
    if (/^[1-9]$/.test(key)) reasons.querySelectorAll("[name=reason]")[key - 1]?.click();
    return;
  }
  if (!form() || !target.closest("#judge")) return;
  if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form().requestSubmit();
    return;
  }
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (isText(target)) {
    if (key === "Escape" && target.matches("textarea")) focusCard(current());
    return;
  }
  const criterion = target.closest(".criterion");
  if (/^[0-9]$/.test(key) && criterion) rate(criterion, key);
  else if (/^[1-9]$/.test(key)) setRank(current(), Number(key));
  else {
    const act = KEYS[key] ?? KEYS[event.shiftKey ? key : key.toLowerCase()];
    if (!act) return;
    act();
  }
  event.preventDefault();
});

document.addEventListener("change", (event) => {
  const card = event.target.closest(".response");
  if (!card || !event.target.closest(".rank")) return;
  drawOrder();
  announce(card);
});

document.addEventListener("focusin", (event) => {
  const card = event.target.closest(".response");
  if (card) showRatings(card);
});

/* Layout, remembered on this device */

const LAYOUT = "concord-layout";
document.getElementById("layout")?.addEventListener("change", (event) => {
  localStorage.setItem(LAYOUT, event.target.value);
});

/* A new item: on load, and after each swap */

function begin({ scroll }) {
  said.clear();
  const line = document.getElementById("order");
  const strengths = (line?.dataset.strength ?? "").split(",");
  const order = tiers();
  order.slice(1).forEach((tier, i) => {
    if (strengths[i]) said.set(stepName(order[i], tier), strengths[i]);
  });
  drawOrder();
  if (scroll) window.scrollTo(0, 0);
  const first = document.querySelector("#problem") ?? (cards()[0] && (checked(cards()[0]) ?? radios(cards()[0])[0]));
  (first ?? document.getElementById("main")).focus({ preventScroll: true });
}

const remembered = document.getElementById(`view-${localStorage.getItem(LAYOUT) ?? "auto"}`);
if (remembered) remembered.checked = true;
begin({ scroll: false });
// Not after:swap, which comes some milliseconds later: keys pressed in between would be lost.
document.addEventListener("htmx:before:settle", () => begin({ scroll: true }));
