/* Nothing written is lost: the draft goes to the server while somebody works, and stays in this
   browser until the server has it; the lease is kept while they work, and a submit that fails
   leaves everything where it is, says so, and is sent again. What a closed browser left behind is
   brought back by desk-kept.js. The few htmx events that Concord leans on are here. */

const SAVE_AFTER = 600; // ms without a change
const KEEP_AFTER = 150;
const RETRY_AFTER = [4_000, 8_000, 16_000, 30_000];
const HEARTBEAT = 60_000;
const IDLE_AFTER = 5 * 60_000; // a page left open gives its item back

const form = () => document.getElementById("judgment");
const field = (name) => form()?.elements.namedItem(name);

let timer = 0;
let isDirty = false;
let isSubmitting = false;
let lastUsed = Date.now();
let saving = null; // the AbortController of the save on its way
let tries = 0; // that failed in a row
let isAsked = false; // to submit, and no answer has come: it goes again by itself
let isPaused = false;
let sentFrom = ""; // where the copy lies of what was just sent

const said = document.getElementById("words").dataset;

let wasBad = false;

/** Seen at each save; heard only when it fails, and when it works again. */
function say(text, isBad = false) {
  const place = document.getElementById("saved");
  place.textContent = text;
  place.classList.toggle("bad", isBad);
  const isWellAgain = wasBad && text === said.saved;
  if (isBad || isWellAgain) document.getElementById("live").textContent = text;
  if (isBad || isWellAgain || text === said.sent) wasBad = isBad;
}

function trouble(text, { signIn = false } = {}) {
  const box = document.getElementById("trouble");
  if (!box) return;
  box.firstElementChild.textContent = text;
  box.hidden = !text;
  box.querySelector("a").hidden = !signIn;
  if (text) box.scrollIntoView({ block: "nearest" });
}

function post(url, body, options = {}) {
  return fetch(url, { method: "POST", body, redirect: "manual", ...options });
}

let isRenewed = false; // once is enough: a second 403 has another cause

/** True once this page has the token of who signed in again elsewhere: the same may be sent again. */
async function renewToken() {
  if (isRenewed) return false;
  try {
    const { default: renew } = await import(JSON.parse(said.modules).token);
    return (isRenewed = await renew(signedOut));
  } catch {
    return false;
  }
}

/* The copy in this browser: of this person, for this item, until the server has what it says */

const SEALED = ["key", "token", "rubric"]; // what makes a submit this one
const MACHINERY = new Set(["csrfmiddlewaretoken", ...SEALED]);
const PREFIX = "concord:desk:";
const place = () => `${PREFIX}${said.owner}:${new URL(form().action).pathname}`;
let keeping = 0;
let hasRoom = true;

const entries = (at) => [...new FormData(at)].filter(([name]) => !MACHINERY.has(name));

function keep() {
  clearTimeout(keeping);
  if (!form()) return;
  const copy = { at: Date.now(), fields: entries(form()) };
  // The same key again is the same judgment: so it may go once more from another page.
  if (isAsked) copy.submit = Object.fromEntries(SEALED.map((name) => [name, field(name)?.value ?? ""]));
  try {
    localStorage.setItem(place(), JSON.stringify(copy));
    hasRoom = true;
  } catch {
    hasRoom = false; // then the server's draft is the only one
  }
}

function forget(where = place()) {
  clearTimeout(keeping);
  localStorage.removeItem(where);
}

/** True once a module does what a closed browser left to do; false where it cannot be loaded. */
async function bringBack() {
  const isLeft = ({ length }, storage) =>
    Array.from({ length }, (_, n) => storage.key(n)).some((name) => name.startsWith(PREFIX));
  if (![localStorage, sessionStorage].some((one) => isLeft(one, one))) return;
  try {
    const { default: begin } = await import(JSON.parse(said.modules).kept);
    await begin(desk);
  } catch {
    if (!isDirty) again(bringBack); // the copy stays until there is a connection
  }
}

const desk = {
  form, field, place, entries, forget, post, said, PREFIX, MACHINERY,
  /** What was filled in by a program is saved as if it had been entered. */
  entered() {
    isDirty = true;
    tell("typed");
    document.dispatchEvent(new Event("desk:filled"));
    return save();
  },
};

/* Another tab with the same item: the one typed in last saves */

const tabs = "BroadcastChannel" in window ? new BroadcastChannel("concord-desk") : null;
const me = crypto.randomUUID?.() ?? String(Math.random());
let isBehind = false;
let others = null; // what the other tab saved last: it can be had back here

const tell = (what, fields) => form() && tabs?.postMessage({ what, me, place: place(), fields });

function showOther(text) {
  document.getElementById("other-tab-note")?.remove();
  const note = document.getElementById("other-tab").content.cloneNode(true).firstElementChild;
  note.id = "other-tab-note";
  note.firstElementChild.textContent = text;
  note.querySelector("button").hidden = !isBehind && !others;
  note.querySelector("button").addEventListener("click", () => (isBehind ? location.reload() : swap()));
  document.querySelector(".notices")?.append(note);
}

/** The other tab's words in the place of these; once more, and these are back. */
async function swap() {
  const [theirs, mine] = [others, entries(form())];
  const { swap: put } = await import(JSON.parse(said.modules).kept);
  others = mine;
  await put(desk, theirs);
}

tabs?.addEventListener("message", ({ data }) => {
  if (!form() || data.me === me || data.place !== place()) return;
  if (data.what === "saved") return void (others = data.fields);
  if (data.what === "open") tell("here");
  if (data.what === "typed") {
    isBehind = true;
    isDirty = false;
    clearTimeout(timer);
    clearTimeout(keeping);
    saving?.abort();
  }
  if (data.what === "gone") {
    if (others) return; // they can still be had
    isBehind = false;
    document.getElementById("other-tab-note")?.remove();
  } else showOther(isBehind ? said.otherTabNewer : said.otherTab);
});

async function save({ keepalive = false } = {}) {
  const at = form();
  if (!at?.dataset.draft || !isDirty || isSubmitting || isAsked) return; // a submit says it all
  clearTimeout(timer);
  isDirty = false;
  say(said.saving);
  saving?.abort();
  saving = new AbortController();
  try {
    const answer = await post(at.dataset.draft, new FormData(at), {
      keepalive, signal: saving.signal,
    });
    if (at !== form()) return; // another item meanwhile
    if (answer.ok) {
      tries = 0;
      say(isDirty ? "" : said.saved);
      if (!isDirty) forget();
      tell("saved", entries(at));
    } else if (answer.type === "opaqueredirect") signedOut();
    else if (answer.status === 409) late(await answer.text());
    else if (answer.status >= 500 || (answer.status === 403 && (await renewToken()))) failed();
    else {
      say(said.notSaved, true);
      if (answer.status === 400) trouble(await answer.text());
    }
  } catch (error) {
    if (error.name !== "AbortError" && at === form()) failed();
  }
}

function failed() {
  isDirty = true;
  say(said.notSavedYet, true);
  if (!hasRoom) trouble(said.noRoom);
  again(() => save());
}

/** Once more, each time a little later. */
function again(call) {
  clearTimeout(timer);
  timer = setTimeout(call, RETRY_AFTER[Math.min(tries++, RETRY_AFTER.length - 1)]);
}

function signedOut() {
  isDirty = true;
  keep();
  say(said.signedOut, true);
  trouble(said.signedOutLong, { signIn: true });
}

function late(text) {
  keep();
  say(said.late, true);
  trouble(text);
}

function changed(event) {
  if (!event.target.form || event.target.form !== form()) return;
  lastUsed = Date.now();
  isDirty = true;
  if (isBehind) {
    isBehind = false;
    if (others) showOther(said.otherTabKept);
  }
  if (isAsked) {
    isAsked = false; // what is being changed goes only when somebody says so again
    if (!isSubmitting) trouble(said.notSentLong);
  }
  say("");
  tell("typed");
  clearTimeout(keeping);
  keeping = setTimeout(keep, KEEP_AFTER);
  clearTimeout(timer);
  timer = setTimeout(save, SAVE_AFTER);
}

document.addEventListener("input", changed);
document.addEventListener("change", changed);
addEventListener("online", () => (isAsked ? form()?.requestSubmit() : save()));
function leave() {
  if (isDirty) keep();
  save({ keepalive: true });
}
addEventListener("pagehide", () => {
  leave();
  tell("gone");
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") leave();
});

/* The lease, and the time somebody really worked */

for (const name of ["keydown", "pointerdown", "wheel", "scroll"])
  document.addEventListener(name, () => (lastUsed = Date.now()), { passive: true, capture: true });

const isInUse = () =>
  !isPaused && document.visibilityState === "visible" && Date.now() - lastUsed < IDLE_AFTER;

async function renewLease() {
  const at = form();
  if (!at?.dataset.lease || !isInUse() || isSubmitting) return;
  const body = new FormData();
  for (const name of ["csrfmiddlewaretoken", "token"]) body.set(name, field(name).value);
  try {
    const answer = await post(at.dataset.lease, body);
    if (at !== form()) return;
    if (answer.status === 409) late(await answer.text());
    else if (answer.type === "opaqueredirect") signedOut();
  } catch {
    // Offline: the next save or submit says so, with something to do about it.
  }
}
setInterval(renewLease, HEARTBEAT);

/* The clock, for its owner; a break after long work; a pause */

const CLOCK_STEP = 10; // s: nothing ticks beside somebody who reads
const WORKED = "concord-worked"; // seconds since the last break, in this tab

function drawClock() {
  const seconds = Number(field("seconds")?.value || 0);
  const shown = seconds - (seconds % CLOCK_STEP);
  const two = (number) => String(number).padStart(2, "0");
  document.getElementById("clock").textContent = form()
    ? `${Math.floor(shown / 60)}:${two(shown % 60)}`
    : "";
}

setInterval(() => {
  const seconds = field("seconds");
  if (!seconds) return;
  if (!isInUse()) {
    if (isPaused || Date.now() - lastUsed >= IDLE_AFTER) sessionStorage.setItem(WORKED, "0");
    return;
  }
  seconds.value = String(Number(seconds.value || 0) + 1);
  if (Number(seconds.value) % CLOCK_STEP === 0) drawClock();
  const worked = Number(sessionStorage.getItem(WORKED) ?? 0) + 1;
  sessionStorage.setItem(WORKED, String(worked));
  const limit = 60 * Number(form().dataset.breakMinutes);
  if (limit && worked >= limit) remindOfBreak();
}, 1000);

function remindOfBreak() {
  sessionStorage.setItem(WORKED, "0");
  const note = document.getElementById("break").content.cloneNode(true).firstElementChild;
  note.addEventListener("click", ({ target }) => target.closest("button") && note.remove());
  document.querySelector(".notices")?.append(note);
}

const cover = document.getElementById("paused");

function pause() {
  if (!form() || isPaused) return;
  save();
  isPaused = true;
  cover.showModal();
}

document.addEventListener("click", ({ target }) => target.closest("[data-pause]") && pause());
cover.addEventListener("close", () => {
  isPaused = false;
  lastUsed = Date.now();
  renewLease();
});

/* Submitting, by htmx */

const isDesk = (event) =>
  event.target.closest?.("#judge") &&
  !event.target.closest("#report-form, #ask-form") && // beside the desk, and replace themselves
  event.detail.ctx?.request?.method === "POST";

document.addEventListener(
  "submit",
  (event) => {
    if (!event.target.closest("#judge")) return;
    if (isSubmitting) event.preventDefault(), event.stopImmediatePropagation();
  },
  { capture: true },
);

document.addEventListener("htmx:before:request", (event) => {
  if (!isDesk(event)) return;
  isSubmitting = true;
  clearTimeout(timer);
  saving?.abort();
  trouble("");
  document.getElementById("problem")?.setAttribute("hidden", "");
  isAsked = event.target.id === "judgment";
  keep();
  // A submit or a skip ends with the item; an undo leads away from one that is still to come.
  sentFrom = event.target.id === "undo" || !form() ? "" : place();
  say(said.sending);
  document.getElementById("submit")?.setAttribute("aria-disabled", "true");
});

// Only the desk itself may replace the desk: an error page or a sign-in page may not.
document.addEventListener("htmx:before:response", (event) => {
  if (!isDesk(event)) return;
  const { response } = event.detail.ctx;
  if (response.headers.get("X-Concord-Fragment") === "judge") return;
  event.preventDefault();
  isDirty = true;
  const isBusy = response.status >= 500 || response.status === 429;
  if (isBusy && !response.raw.redirected) return sendAgain(event, said.serverBusy);
  isAsked = false;
  if (response.raw.redirected) return signedOut();
  keep();
  say(said.notSent, true);
  trouble(said.serverRefused);
  const sent = event.target.closest("form");
  if (response.status === 403) renewToken().then((isNew) => isNew && sent.requestSubmit());
});

document.addEventListener("htmx:error", (event) => {
  if (!event.target.closest?.("#judge")) return;
  isDirty = true;
  sendAgain(event, said.offline);
});

/** A submit that never arrived goes again by itself, unless it was changed since: its key makes it
    one judgment. */
function sendAgain({ target }, why) {
  say(said.notSent, true);
  trouble(isAsked || target.id !== "judgment" ? why : said.notSentLong);
  if (isAsked) again(() => isAsked && !isSubmitting && form()?.requestSubmit());
}

document.addEventListener("htmx:finally:request", () => {
  isSubmitting = false;
  document.getElementById("submit")?.removeAttribute("aria-disabled");
});

let shown = document.getElementById("judge");
document.addEventListener("htmx:after:swap", () => {
  if (shown === (shown = document.getElementById("judge"))) return; // something beside the desk
  isDirty = isRenewed = isAsked = isBehind = false;
  others = null;
  tries = 0;
  lastUsed = Date.now();
  // Refused: it is on the page, and not yet with the server.
  if (document.getElementById("problem")) {
    isDirty = true;
    keep();
    timer = setTimeout(save, SAVE_AFTER);
  } else if (sentFrom) forget(sentFrom);
  say(document.getElementById("problem") ? "" : form() ? said.sent : "");
  arrive();
});

/* An item has come: by loading the page, or in the place of the one before */

function arrive() {
  drawClock();
  tell("open");
  if (!document.getElementById("problem")) bringBack();
}

arrive();
