/* The judging page by keyboard: ranks, ratings, focus, the order line. Everything here repeats
   what the form does without script. Listens on the document, so a swapped-in item needs no
   set-up. What few need lies in modules, loaded when first wanted: see `perform`. */

const form = () => document.getElementById("judgment");
const cards = () => [...document.querySelectorAll(".response")];
const radios = (card) => [...card.querySelectorAll(".rank input")];
const checked = (card) => radios(card).find((radio) => radio.checked);
const letter = (card) => card.dataset.letter;

/* Words come from the page, in its language: {name} stands for a value. */

const page = document.getElementById("words");

function words(name, values = {}) {
  return (page.dataset[name] ?? "").replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

function announce(text) {
  document.getElementById("live").textContent = text;
}

/* Choosing, as a click would */

function change(input) {
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function choose(radio, { focus = false } = {}) {
  radio.checked = true;
  if (focus) radio.focus({ preventScroll: true });
  change(radio);
}

function clear(radio) {
  radio.checked = false;
  change(radio);
}

/** The rank of a response: a number, "x" for unacceptable, null for none. */
function rankOf(card) {
  const value = checked(card)?.value;
  return value === undefined ? null : value === "x" ? "x" : Number(value);
}

/** True when the response has that rank now. */
function setRank(card, rank) {
  if (!card) return false;
  if (rank === null) {
    if (checked(card)) clear(checked(card));
    return true;
  }
  const radio = radios(card).find((one) => one.value === String(rank));
  if (radio) choose(radio, { focus: card.contains(document.activeElement) });
  return Boolean(radio);
}

/* Focus */

/** The response that keys speak of: the one with the focus, else the one that had it last. */
let last = "A";
function current() {
  const here = document.activeElement?.closest?.(".response");
  return here ?? cards().find((card) => letter(card) === last) ?? cards()[0];
}

function focusCard(card) {
  if (!card) return;
  (checked(card) ?? radios(card)[0] ?? card.querySelector(".body")).focus({ preventScroll: true });
  // A response longer than the screen (stacked, on a phone) is read from its start.
  const block = card.offsetHeight > innerHeight * 0.8 ? "start" : "nearest";
  card.scrollIntoView({ block, inline: "nearest" });
}

/** Where keys begin on a new item: the scale, the first rank, the first criterion, a text. */
function firstControl() {
  const scale = document.getElementById("preference");
  if (scale) return scale.querySelector(":checked") ?? scale.querySelector("input");
  const [card] = cards();
  const rank = card && (checked(card) ?? radios(card)[0]);
  const others = ["[name=demonstration]", ".response .body"].map((one) => document.querySelector(one));
  return rank ?? shownCriteria()[0]?.querySelector("input") ?? others.find(Boolean);
}

function step(by) {
  const all = cards();
  const next = all[all.indexOf(current()) + by];
  const criterion = document.activeElement?.closest?.(".ratings .criterion");
  if (next && criterion) focusCriterion(criteriaOf(next)[criteriaOf(current()).indexOf(criterion)]);
  else focusCard(next);
}

/** What comes after `one`, and then from the start again. */
function following(all, one) {
  const here = all.indexOf(one);
  return [...all.slice(here + 1), ...all.slice(0, Math.max(here, 0))];
}

const advances = () => form().dataset.advance !== "off";

function rankAndGoOn(card, rank) {
  if (!setRank(card, rank) || !advances()) return;
  const open = following(cards(), card).filter((one) => rankOf(one) === null);
  const wanted = Number(form().dataset.top || Infinity);
  const ranked = cards().filter((one) => typeof rankOf(one) === "number").length;
  if (ranked < wanted) focusCard(open[0]);
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
const listed = (names) => names.join(words("and"));

function make(tag, text, attributes = {}) {
  const node = document.createElement(tag);
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function strengthSelect(upper, lower, index) {
  const select = document.getElementById("strength").content.firstElementChild.cloneNode(true);
  select.name = `strength_${index}`;
  const label = words("howMuch", { upper: listed(upper), lower: listed(lower) });
  select.setAttribute("aria-label", label);
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
  const scale = document.getElementById("preference");
  if (scale) return line.replaceChildren(make("em", chosenOn(scale) || line.dataset.empty));
  const order = tiers();
  const floor = cards().filter((card) => rankOf(card) === "x").map(letter);
  const rest = cards().filter((card) => rankOf(card) === null).map(letter);
  const parts = [make("span", `${words("order")} `, { class: "vh" })];
  order.forEach((tier, i) => {
    if (i) {
      parts.push(make("i", ">"));
      if ("asksStrength" in line.dataset) parts.push(strengthSelect(order[i - 1], tier, i));
    }
    parts.push(tierNode(tier));
  });
  const note = (name, letters) =>
    parts.push(make("em", words(name, { letters: letters.join(", ") }), { class: "rest" }));
  if (!order.length && !floor.length) parts.push(make("em", line.dataset.empty));
  else if (rest.length) {
    if ("restBelow" in line.dataset && order.length) parts.push(make("i", ">"));
    note("restBelow" in line.dataset && order.length ? "below" : "unranked", rest);
  }
  if (floor.length) note("unacceptable", floor);
  line.replaceChildren(...parts);
}

const chosenOn = (group) => group.querySelector("label:has(:checked) .vh")?.textContent;

function announceRank(card) {
  const rank = rankOf(card);
  const others = cards().filter((one) => one !== card && rankOf(one) === rank).map(letter);
  const values = { letter: letter(card), rank, count: cards().length, others: listed(others) };
  const name = rank === null ? "saysNone" : rank === "x" ? "saysFloor" : others.length ? "saysTied" : "saysRank";
  announce(words(name, values));
}

/** After a swap: what became of the last item, and what is here now. A refusal says so itself. */
function announceWhatCame() {
  if (document.getElementById("problem")) return announce("");
  const parts = ["#undo .done", "#judge h1"].map((one) => document.querySelector(one)?.textContent);
  announce(parts.filter(Boolean).join(" "));
}

/** The tier just above the response's own; for one without a rank, the last one. */
function tierAbove(card) {
  const mine = rankOf(card);
  const ranks = cards().filter((one) => one !== card).map(rankOf).filter((r) => typeof r === "number");
  const above = ranks.filter((rank) => typeof mine !== "number" || rank < mine);
  return above.length ? Math.max(...above) : undefined;
}

function shift(card, by) {
  const rank = card && rankOf(card);
  if (typeof rank === "number") setRank(card, Math.min(Math.max(rank + by, 1), cards().length));
}

/* The scale for two: digits count its points from the left */

function prefer(selector) {
  const radio = document.querySelector(`#preference ${selector}`);
  if (!radio) return false;
  choose(radio, { focus: Boolean(document.activeElement.closest("#preference")) });
  announce(chosenOn(document.getElementById("preference")));
  return true;
}

/** True on a scale, where no response has a rank to take back. */
function preferNothing() {
  const scale = document.getElementById("preference");
  const chosen = scale?.querySelector(":checked");
  if (chosen) {
    clear(chosen);
    announce(document.getElementById("order").dataset.empty);
  }
  return Boolean(scale);
}

/* The rubric panel */

const criteriaOf = (card) => !card ? [] : [...document.querySelectorAll(`.ratings-${letter(card).toLowerCase()} .criterion`)];
const isAnswered = (criterion) => Boolean(criterion.querySelector(":checked"));

const shownCriteria = () => [...document.querySelectorAll(".rubric .criterion")].filter((one) => one.offsetParent);

function showRatings(card) {
  last = letter(card);
  for (const one of cards()) one.classList.toggle("current", one === card);
  const radio = document.getElementById(`on-${last.toLowerCase()}`);
  if (radio) radio.checked = true;
}

function focusCriterion(criterion) {
  if (!criterion) return;
  const group = criterion.closest(".ratings");
  if (group) showRatings(document.getElementById(`response-${group.dataset.letter}`));
  (criterion.querySelector(":checked") ?? criterion.querySelector("input")).focus();
}

/** To the first open criterion of the response, or back to it. */
function toRubric() {
  if (document.activeElement.closest(".criterion")) return focusCard(current());
  const own = criteriaOf(current());
  focusCriterion(own.find((one) => !isAnswered(one)) ?? own[0] ?? document.querySelector(".rubric .criterion"));
}

/** The point that a digit means: its value; on a scale around 0 its place; 0 also means 10. */
function pointFor(criterion, key) {
  const points = [...criterion.querySelectorAll("input:not([value=na])")];
  if (points[0].value < 0) return points[key - 1];
  const withValue = (value) => points.find((point) => point.value === value);
  return withValue(key) ?? (key === "0" ? withValue("10") : undefined);
}

function rate(criterion, radio) {
  if (!radio) return;
  choose(radio, { focus: true });
  if (!advances()) return;
  const all = [...document.querySelectorAll(".rubric .criterion")];
  focusCriterion(following(all, criterion).find((one) => !isAnswered(one)));
}

function besideCriterion(by) {
  const here = document.activeElement.closest(".criterion");
  const shown = shownCriteria();
  focusCriterion(shown[shown.indexOf(here) + by]);
}

/* What keys and buttons do. A module adds its own actions to these. */

const ACTIONS = {
  next: () => step(1),
  previous: () => step(-1),
  down: (card) => shift(card, 1),
  up: (card) => shift(card, -1),
  unacceptable: (card) => rankAndGoOn(card, "x"),
  rank_clear: (card) => preferNothing() || setRank(card, null),
  tie: (card) => card && rankAndGoOn(card, tierAbove(card)),
  raw: (card) => card?.querySelector(".show-raw").click(),
  both_good: () => prefer("[value=good]"),
  both_bad: () => prefer("[value=bad]"),
  confidence: () => focusCriterion(document.getElementById("confidence")),
  rubric: toRubric,
  rationale: () => document.getElementById("rationale")?.focus(),
  skip: () => document.getElementById("skip")?.showPopover(),
  undo: () => document.getElementById("undo")?.requestSubmit(),
  pause: () => document.getElementById("pause").click(),
  keys: () => document.getElementById("keys").showPopover(),
};

// Each can be another one, or off: data-keys on the form is {"rank_clear": "0", …}.
const KEYS = {
  next: "j", previous: "k", down: "J", up: "K", unacceptable: "x", rank_clear: "0", tie: "=",
  raw: "m", diff: "d", rubric: "r", rationale: "c", edit: "e", highlight: "h", flags: "f",
  skip: "s", undo: "z", pause: "p", keys: "?", confidence: "v", both_good: "g", both_bad: "b", not_applicable: "n",
};

function actionFor(key) {
  const chosen = { ...KEYS, ...JSON.parse(form().dataset.keys || "{}") };
  return Object.keys(chosen).find((name) => chosen[name] === key);
}

/** Not in #trouble: its button submits. It goes when something can be loaded again. */
function notLoaded() {
  loaded();
  const box = make("p", words("notLoaded"), { class: "message warn", role: "alert", id: "not-loaded" });
  document.querySelector("#judge .notices").append(box);
}

const loaded = () => document.getElementById("not-loaded")?.remove();

/** What the server answers about this assignment; `fields` are sent by POST. Null when it cannot be
    had: said, where somebody waits for it. */
async function ask(path, fields, { isQuiet = false } = {}) {
  if (!form()) return null; // the item went while somebody waited to ask about it
  const body = fields && new FormData();
  for (const [name, value] of Object.entries(fields ?? {})) body.set(name, value);
  body?.set("csrfmiddlewaretoken", form().elements.csrfmiddlewaretoken.value);
  try {
    const answer = await fetch(form().dataset.here + path, { method: body ? "POST" : "GET", body, redirect: "error" });
    if (answer.ok || answer.status === 422) {
      loaded();
      return answer;
    }
  } catch {
    // Offline, or signed out: said below, as any other failure.
  }
  if (!isQuiet) notLoaded();
  return null;
}

/** The elements in a fragment that the server rendered. */
async function nodesOf(answer) {
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [...parsed.body.children].map((node) => document.adoptNode(node));
}

/** What a module gets: it adds to `actions` and listens for desk:item and desk:order. */
const desk = {
  actions: ACTIONS, form, cards, letter, current, focusCard, firstControl, rankOf, setRank, tiers, words, announce, load, ask, nodesOf,
};
const modules = new Map(); // address → the promise that it has begun: one may have several names

/** Load a module by the name that `data-modules` gives it, once. */
function load(name) {
  const url = JSON.parse(page.dataset.modules || "{}")[name];
  if (!url) return null;
  if (!modules.has(url)) {
    const begun = import(url).then((module) => module.default(desk));
    modules.set(url, begun);
    begun.catch(() => (modules.delete(url), notLoaded()));
  }
  return modules.get(url);
}

/** Do what a key or a button is for; an action of a module loads it. False: nobody knows it. */
function perform(name, card = current(), button = null) {
  if (ACTIONS[name]) ACTIONS[name](card, button);
  else {
    const begun = load(name);
    if (!begun) return false;
    begun.then(() => ACTIONS[name]?.(card, button), () => {});
  }
  return true;
}

/* Keys */

const isText = (node) => node.matches("textarea, select, input:not([type=radio], [type=checkbox])");

function answerCriterion(criterion, key, name) {
  if (key === "Escape") (cards().length ? focusCard(current()) : document.activeElement.blur());
  else if (key === "ArrowDown" || key === "ArrowUp") besideCriterion(key === "ArrowDown" ? 1 : -1);
  else if (key === "Backspace") criterion.querySelectorAll(":checked").forEach(clear);
  else if (name === "not_applicable") rate(criterion, criterion.querySelector("[value=na]"));
  else if (/^[0-9]$/.test(key)) rate(criterion, pointFor(criterion, key));
  else return false;
  return true;
}

/** What the key means where the focus is. False: nothing. */
function answer(key, name, target) {
  const criterion = target.closest(".criterion");
  if (criterion) return answerCriterion(criterion, key, name);
  if (!/^[1-9]$/.test(key) || target.closest(".flags")) return false;
  if (!prefer(`.points label:nth-child(${key}) input`)) rankAndGoOn(current(), Number(key));
  return true;
}

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
  if ("keysOff" in form().dataset) return;
  // With Caps Lock on, a letter without Shift is still the small one.
  const name = actionFor(event.shiftKey || key.length > 1 ? key : key.toLowerCase());
  if (answer(key, name, target) || (name && perform(name))) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  // Without its module a button still does by the form what it is for.
  if (button && perform(button.dataset.act, button.closest(".response") ?? current(), button))
    event.preventDefault();
});

// Words selected in a response may be marked: only then is the module for it wanted.
document.addEventListener("selectionchange", () => {
  const { anchorNode, isCollapsed } = getSelection();
  if (!isCollapsed && anchorNode?.parentElement?.closest(".response > .body") && document.getElementById("marking"))
    load("highlight");
});

// Radios cannot be cleared by a pointer: here a click on the chosen one takes it back.
let chosenBefore = null;
document.addEventListener("pointerdown", ({ target }) => {
  const isOwn = target.matches?.("#judge [type=radio]:checked:not([name=on])");
  chosenBefore = isOwn ? target : null;
});
document.addEventListener("click", ({ target }) => {
  if (target === chosenBefore) clear(target);
  chosenBefore = null;
});

document.addEventListener("change", (event) => {
  if (event.target.name === "preference") drawOrder();
  if (event.target.name === "on") last = event.target.value.toUpperCase();
  const card = event.target.closest(".response");
  if (!card || !event.target.closest(".rank")) return;
  drawOrder();
  announceRank(card);
  document.dispatchEvent(new Event("desk:order"));
});

document.addEventListener("focusin", (event) => {
  const card = event.target.closest(".response");
  if (card) showRatings(card);
  if (event.target.closest(".flags")) load("flags");
});

/* A sign on each card: its end has been on the screen */

const ends = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    const sign = target.closest(".response").querySelector(".seen");
    sign.classList.add("whole");
    sign.setAttribute("aria-label", words("seen"));
    ends.unobserve(target);
  }
});

/* Undo: offered for as long as the server takes it */

const UNDO_FOR = 60_000;
document.addEventListener("desk:item", () => {
  // A recording that did not arrive lies in this browser.
  if (document.getElementById("recording") && localStorage.getItem("concord:voices")) load("speak");
  const offer = [document.getElementById("undo"), document.getElementById("undo-last")];
  setTimeout(() => offer.forEach((node) => node?.remove()), UNDO_FOR);
});

// What was restored by the other script is drawn as if it had been entered.
document.addEventListener("desk:filled", () => drawOrder());

/* Layout, remembered on this device */

const LAYOUT = "concord-layout";
const layout = document.getElementById("layout");

function showLayout(name) {
  const option = [...layout.options].find(({ value }) => value === name);
  if (option) option.selected = true;
  if (layout.value === "tiers") load("tiers");
}

layout.addEventListener("change", () => {
  localStorage.setItem(LAYOUT, layout.value);
  showLayout(layout.value);
});

/* A new item: on load, and after each swap */

function begin({ scroll }) {
  said.clear();
  last = document.querySelector("[name=on]:checked")?.value.toUpperCase() ?? "A";
  const line = document.getElementById("order");
  const strengths = (line?.dataset.strength ?? "").split(",");
  const order = tiers();
  order.slice(1).forEach((tier, i) => {
    if (strengths[i]) said.set(stepName(order[i], tier), strengths[i]);
  });
  drawOrder();
  if (scroll) {
    window.scrollTo(0, 0);
    announceWhatCame();
  }
  const first = document.getElementById("problem") ?? firstControl() ?? document.getElementById("main");
  first.focus({ preventScroll: true });
  ends.disconnect();
  for (const end of document.querySelectorAll(".response .end")) ends.observe(end);
  for (const { dataset } of document.querySelectorAll("#judge [data-module]")) load(dataset.module);
  nameKeys();
  document.dispatchEvent(new Event("desk:item"));
}

/** Where somebody chose other keys, the hints name those. */
function nameKeys() {
  const chosen = JSON.parse(form()?.dataset.keys || "{}");
  for (const hint of document.querySelectorAll("kbd[data-key]")) {
    const key = chosen[hint.dataset.key];
    if (key) hint.textContent = key !== key.toLowerCase() ? `Shift ${key}` : key.toUpperCase();
  }
}

showLayout(localStorage.getItem(LAYOUT) ?? layout.dataset.usual);
begin({ scroll: false });
// Not after:swap, which comes some milliseconds later: keys pressed in between would be lost.
let shown = document.getElementById("judge");
document.addEventListener("htmx:before:settle", () => {
  if (shown === (shown = document.getElementById("judge"))) return; // something beside the desk
  begin({ scroll: true });
});
