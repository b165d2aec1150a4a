/* The draft of a rubric is saved while somebody writes, one save at a time: each names the state it
   is over, which only the answer to the one before tells. A button that posts the form waits for a
   save on its way. Another scale shows its points at once. */

const SAVE_AFTER = 800; // ms without a change
const RETRY_AFTER = 5_000;

let timer = 0;
let saving = null;
let isDirty = false;

const form = () => document.querySelector("form[data-autosave]");
const say = (text) => (document.getElementById("draft-saved").textContent = text);

async function save() {
  const of = form();
  if (!of || !isDirty || saving) return;
  isDirty = false;
  const body = new FormData(of);
  body.set("do", "autosave");
  say(of.dataset.saving);
  saving = send(of, body);
  await saving;
  saving = null;
  if (isDirty) plan(SAVE_AFTER);
}

async function send(of, body) {
  try {
    const answer = await fetch(of.dataset.autosave, { method: "POST", body, redirect: "error" });
    const { said, revision } = await answer.json();
    say(said);
    if (revision !== undefined) of.elements.namedItem("revision").value = revision;
  } catch {
    say(of.dataset.failed);
    isDirty = true;
    plan(RETRY_AFTER);
  }
}

function plan(after) {
  clearTimeout(timer);
  timer = setTimeout(save, after);
}

document.addEventListener("input", (event) => {
  if (event.target.form !== form() || !form()) return;
  isDirty = true;
  plan(SAVE_AFTER);
});

document.addEventListener("change", (event) => {
  const button = event.target.dataset.redraw;
  if (button) document.getElementById(button)?.click();
});

document.addEventListener(
  "submit",
  async (event) => {
    if (event.target !== form()) return;
    clearTimeout(timer);
    isDirty = false; // the form itself goes to the server
    if (!saving) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { target, submitter } = event;
    await saving;
    isDirty = false;
    clearTimeout(timer);
    target.requestSubmit(submitter);
  },
  { capture: true },
);
