/* Nothing written is lost: the draft goes to the server while somebody works, and stays in this
   browser until the server has it; the lease is kept while they work, and a submit that fails
   leaves everything where it is, says so, and is sent again. The few htmx events that Concord
   leans on are here. */

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
let isWaitingToSubmit = false; // a submit failed on the way: it goes again by itself
let isPaused = false;
let sentFrom = ""; // where the copy lies of what was just sent

const said = document.getElementById("words").dataset;

function say(text, isBad = false) {
  const place = document.getElementById("saved");
  place.textContent = text;
  place.classList.toggle("bad", isBad);
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

/* Who signed in again elsewhere has a new token; this page still holds the old one. Any judging
   page carries the new one. True once it is here: then the same may be sent again. */
let isRenewed = false;

async function renewToken() {
  if (isRenewed) return false; // once is enough: a second 403 has another cause
  try {
    const page = await fetch(location.pathname, { redirect: "manual" });
    if (page.type === "opaqueredirect") signedOut();
    if (!page.ok) return false;
    isRenewed = true;
    const name = "csrfmiddlewaretoken";
    const parsed = new DOMParser().parseFromString(await page.text(), "text/html");
    const token = parsed.querySelector(`[name=${name}]`)?.value;
    for (const input of document.querySelectorAll(`[name=${name}]`)) input.value = token;
    return Boolean(token);
  } catch {
    return false;
  }
}

/* The copy in this browser: of this person, for this item, until the server has what it says */

const KEPT_FOR = 14 * 24 * 3_600_000; // ms
const CLOCKS_DIFFER = 120_000; // ms, the browser's from the server's
const MACHINERY = new Set(["csrfmiddlewaretoken", "key", "token", "rubric"]);
const PREFIX = "concord:desk:";
const place = () => `${PREFIX}${said.owner}:${new URL(form().action).pathname}`;
let keeping = 0;
let hasRoom = true;

const entries = (at) => [...new FormData(at)].filter(([name]) => !MACHINERY.has(name));

/** What was said, whatever the clock shows. */
const BESIDE = new Set(["seconds", "on", "shown"]);
const wordsOf = (fields) =>
  JSON.stringify(fields.filter(([name, value]) => value && !BESIDE.has(name)).sort());

function keep() {
  clearTimeout(keeping);
  if (!form()) return;
  try {
    localStorage.setItem(place(), JSON.stringify({ at: Date.now(), fields: entries(form()) }));
    hasRoom = true;
  } catch {
    hasRoom = false; // then the server's draft is the only one
  }
}

function forget(where = place()) {
  clearTimeout(keeping);
  localStorage.removeItem(where);
}

function keptCopy() {
  try {
    return JSON.parse(localStorage.getItem(place()) ?? "null");
  } catch {
    return null;
  }
}

function sweep() {
  for (const name of Object.keys(localStorage).filter((one) => one.startsWith(PREFIX))) {
    let at = 0;
    try {
      at = JSON.parse(localStorage.getItem(name)).at;
    } catch {
      // not ours to read: it goes
    }
    if (!(Date.now() - at < KEPT_FOR)) localStorage.removeItem(name);
  }
}

/** Put other values into the form's fields; those that are not there (an editor that is not open)
    are the server's to open. True when every value found its field. */
function fill(fields) {
  const given = new Map(fields);
  for (const control of form().elements) {
    if (!control.name || MACHINERY.has(control.name) || control.type === "submit") continue;
    if (control.type === "radio" || control.type === "checkbox")
      control.checked = given.get(control.name) === control.value;
    else control.value = given.get(control.name) ?? "";
  }
  return fields.every(([name, value]) => !value || name in form().elements);
}

/** What was written here and never reached the server: back to the server, then shown. */
async function restore() {
  const copy = form() && keptCopy();
  if (!copy) return;
  if (wordsOf(copy.fields) === wordsOf(entries(form()))) return forget();
  // Somebody went on in another browser since: what the server has is newer.
  if (Number(form().dataset.draftAt) > copy.at + CLOCKS_DIFFER) return forget();
  const at = form();
  const before = entries(at);
  if (at.dataset.draft) {
    const body = new FormData();
    for (const [name, value] of copy.fields) body.set(name, value);
    for (const name of ["csrfmiddlewaretoken", "token"]) body.set(name, field(name).value);
    try {
      const answer = await post(at.dataset.draft, body);
      if (!answer.ok || at !== form()) return;
    } catch {
      return; // it stays here until there is a connection
    }
  }
  if (fill(copy.fields) || !at.dataset.draft) {
    showRestored(before);
    document.dispatchEvent(new Event("desk:filled"));
    if (at.dataset.draft) forget();
    return;
  }
  forget();
  sessionStorage.setItem(`${place()}:before`, JSON.stringify(before));
  location.reload();
}

function showRestored(before) {
  const note = document.getElementById("restored").content.cloneNode(true).firstElementChild;
  note.querySelector("button").addEventListener("click", () => {
    fill(before);
    note.remove();
    isDirty = true;
    document.dispatchEvent(new Event("desk:filled"));
    save();
  });
  document.querySelector(".notices")?.append(note);
}

function showRestoredBefore() {
  const name = form() && `${place()}:before`;
  const before = name && sessionStorage.getItem(name);
  if (!before) return;
  sessionStorage.removeItem(name);
  showRestored(JSON.parse(before));
}

/* Another tab with the same item: the one typed in last saves */

const tabs = "BroadcastChannel" in window ? new BroadcastChannel("concord-desk") : null;
const me = crypto.randomUUID?.() ?? String(Math.random());
let isBehind = false;

const tell = (what) => form() && tabs?.postMessage({ what, me, place: place() });

function showOther(text) {
  document.getElementById("other-tab-note")?.remove();
  const note = document.getElementById("other-tab").content.cloneNode(true).firstElementChild;
  note.id = "other-tab-note";
  note.firstElementChild.textContent = text;
  note.querySelector("button").hidden = !isBehind;
  note.querySelector("button").addEventListener("click", () => location.reload());
  document.querySelector(".notices")?.append(note);
}

tabs?.addEventListener("message", ({ data }) => {
  if (!form() || data.me === me || data.place !== place()) return;
  if (data.what === "open") tell("here");
  if (data.what === "typed") {
    isBehind = true;
    isDirty = false;
    clearTimeout(timer);
    clearTimeout(keeping);
    saving?.abort();
  }
  if (data.what === "gone") {
    isBehind = false;
    document.getElementById("other-tab-note")?.remove();
  } else showOther(isBehind ? said.otherTabNewer : said.otherTab);
});

async function save({ keepalive = false } = {}) {
  clearTimeout(timer);
  const at = form();
  if (!at?.dataset.draft || !isDirty || isSubmitting) return;
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
  isBehind = false;
  if (isWaitingToSubmit) {
    isWaitingToSubmit = false; // what is being changed goes only when somebody says so again
    trouble(said.notSentLong);
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
addEventListener("online", () => (isWaitingToSubmit ? form()?.requestSubmit() : save()));
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
  !event.target.closest("#report-form") && // it stands beside the desk and replaces itself
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
  if (response.raw.redirected) signedOut();
  else {
    say(said.notSent, true);
    const sent = event.target.closest("form");
    if (response.status === 403) renewToken().then((isNew) => isNew && sent.requestSubmit());
    trouble(
      response.status >= 500 || response.status === 429
        ? said.serverBusy
        : said.serverRefused,
    );
    if (response.status >= 500) sendAgain(event);
  }
});

document.addEventListener("htmx:error", (event) => {
  if (!event.target.closest?.("#judge")) return;
  isDirty = true;
  say(said.notSent, true);
  trouble(said.offline);
  sendAgain(event);
});

/** A submit that never arrived goes again by itself: its key makes it one judgment. */
function sendAgain({ target }) {
  if (target.id !== "judgment") return;
  isWaitingToSubmit = true;
  again(() => isWaitingToSubmit && !isSubmitting && form()?.requestSubmit());
}

document.addEventListener("htmx:finally:request", () => {
  isSubmitting = false;
  document.getElementById("submit")?.removeAttribute("aria-disabled");
});

document.addEventListener("htmx:after:swap", () => {
  isDirty = isRenewed = isWaitingToSubmit = isBehind = false;
  tries = 0;
  lastUsed = Date.now();
  // Refused: it is on the page, and not yet with the server.
  if (document.getElementById("problem")) {
    isDirty = true;
    timer = setTimeout(save, SAVE_AFTER);
  } else if (sentFrom) forget(sentFrom);
  say(document.getElementById("problem") ? "" : form() ? said.sent : "");
  arrive();
});

/* An item has come: by loading the page, or in the place of the one before */

function arrive() {
  drawClock();
  tell("open");
  if (!document.getElementById("problem")) restore().then(showRestoredBefore);
}

sweep();
arrive();
