/* Nothing written is lost: the draft goes to the server while somebody works, the lease is kept
   while they do, and a submit that fails leaves everything where it is and says so. The few htmx
   events that Concord leans on are here. */

const SAVE_AFTER = 600; // ms without a change
const RETRY_AFTER = 8_000;
const HEARTBEAT = 60_000;
const IDLE_AFTER = 5 * 60_000; // a page left open gives its item back

const form = () => document.getElementById("judgment");
const field = (name) => form()?.elements.namedItem(name);

let timer = 0;
let isDirty = false;
let isSubmitting = false;
let lastUsed = Date.now();
let saving = null; // the AbortController of the save on its way

function say(text, isBad = false) {
  const place = document.getElementById("saved");
  place.textContent = text;
  place.classList.toggle("bad", isBad);
}

function trouble(text) {
  const box = document.getElementById("trouble");
  if (!box) return;
  box.firstElementChild.textContent = text;
  box.hidden = !text;
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

async function save({ keepalive = false } = {}) {
  clearTimeout(timer);
  const at = form();
  if (!at?.dataset.draft || !isDirty || isSubmitting) return;
  isDirty = false;
  say("Saving");
  saving?.abort();
  saving = new AbortController();
  try {
    const answer = await post(at.dataset.draft, new FormData(at), {
      keepalive, signal: saving.signal,
    });
    if (at !== form()) return; // another item meanwhile
    if (answer.ok) say(isDirty ? "" : "Saved");
    else if (answer.type === "opaqueredirect") signedOut();
    else if (answer.status === 409) late(await answer.text());
    else if (answer.status >= 500 || (answer.status === 403 && (await renewToken()))) failed();
    else say("Not saved", true);
  } catch (error) {
    if (error.name !== "AbortError" && at === form()) failed();
  }
}

function failed() {
  isDirty = true;
  say("Not saved yet", true);
  clearTimeout(timer);
  timer = setTimeout(save, RETRY_AFTER);
}

function signedOut() {
  say("Signed out", true);
  trouble("You were signed out. What was saved is safe: sign in in another tab, then try again here.");
}

function late(text) {
  say("Late", true);
  trouble(text);
}

function changed(event) {
  if (!event.target.form || event.target.form !== form()) return;
  lastUsed = Date.now();
  isDirty = true;
  say("");
  clearTimeout(timer);
  timer = setTimeout(save, SAVE_AFTER);
}

document.addEventListener("input", changed);
document.addEventListener("change", changed);
addEventListener("online", () => save());
addEventListener("pagehide", () => save({ keepalive: true }));
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") save({ keepalive: true });
});

/* The lease, and the time somebody really worked */

for (const name of ["keydown", "pointerdown", "wheel", "scroll"])
  document.addEventListener(name, () => (lastUsed = Date.now()), { passive: true, capture: true });

const isInUse = () => document.visibilityState === "visible" && Date.now() - lastUsed < IDLE_AFTER;

setInterval(async () => {
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
}, HEARTBEAT);

setInterval(() => {
  const seconds = field("seconds");
  if (seconds && isInUse()) seconds.value = String(Number(seconds.value || 0) + 1);
}, 1000);

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
  say("Sending");
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
    say("Not sent", true);
    const sent = event.target.closest("form");
    if (response.status === 403) renewToken().then((isNew) => isNew && sent.requestSubmit());
    trouble(
      response.status >= 500 || response.status === 429
        ? "The server could not take it just now. Your work is still here; try again in a moment."
        : "The server refused it. Your work is still here: reload the page, then submit again.",
    );
  }
});

document.addEventListener("htmx:error", (event) => {
  if (!event.target.closest?.("#judge")) return;
  isDirty = true;
  say("Not sent", true);
  trouble("No connection. Your work is still here; try again when you are back online.");
});

document.addEventListener("htmx:finally:request", () => {
  isSubmitting = false;
  document.getElementById("submit")?.removeAttribute("aria-disabled");
});

document.addEventListener("htmx:after:swap", () => {
  isDirty = isRenewed = false;
  lastUsed = Date.now();
  say(document.getElementById("problem") ? "" : form() ? "Sent" : "");
});
