/* What a closed browser left behind: words that never reached the server are put back, and what
   was submitted without an answer goes again. Loaded only where something was left. */

const KEPT_FOR = 14 * 24 * 3_600_000; // ms
const CLOCKS_DIFFER = 120_000; // ms, the browser's from the server's
const TOKEN = "csrfmiddlewaretoken";

let desk; // what autosave.js lends
let isSentAgain = false; // the submit on its way is one that was left behind

export default async function begin(given) {
  if (!desk) document.addEventListener("htmx:after:swap", noteArrival);
  desk = given;
  const here = desk.form() && desk.place();
  for (const [where, copy] of ownCopies())
    if (copy.submit && where !== here) await sendLate(where, copy);
  if (here && here === (desk.form() && desk.place())) await restore();
}

function read(where) {
  try {
    return JSON.parse(localStorage.getItem(where) ?? "null");
  } catch {
    return null;
  }
}

/** The copies of this person, [where, copy]; whoever's is too old or not ours to read goes. */
function ownCopies() {
  const own = [];
  for (const where of Object.keys(localStorage).filter((one) => one.startsWith(desk.PREFIX))) {
    const copy = read(where);
    if (!(Date.now() - copy?.at < KEPT_FOR)) localStorage.removeItem(where);
    else if (where.startsWith(ownPrefix())) own.push([where, copy]);
  }
  return own;
}

const ownPrefix = () => `${desk.PREFIX}${desk.said.owner}:`;

/* Submitted, and the answer never came */

/** To an item that this page does not show any more. Its key makes it one judgment, however often
    it goes; where somebody else has the place by now, it is kept as surplus. */
async function sendLate(where, copy) {
  const body = new FormData();
  for (const [name, value] of [...copy.fields, ...Object.entries(copy.submit)])
    body.append(name, value);
  body.append(TOKEN, document.querySelector(`[name=${TOKEN}]`).value);
  let answer;
  try {
    const headers = { "HX-Request": "true" };
    answer = await desk.post(where.slice(ownPrefix().length), body, { headers });
  } catch {
    return; // it stays here until there is a connection
  }
  if (answer.ok && answer.headers.get("X-Concord-Fragment") === "judge") {
    desk.forget(where);
    show("arrived");
  } else if ([404, 409, 422].includes(answer.status)) {
    delete copy.submit; // it cannot count as it is; the words wait for the item to come again
    localStorage.setItem(where, JSON.stringify(copy));
  }
}

function submitAgain() {
  isSentAgain = true;
  desk.form().requestSubmit();
}

function noteArrival() {
  if (isSentAgain && !document.getElementById("problem")) show("arrived");
  isSentAgain = false;
}

/* Written, and never saved */

/** What was said, whatever the clock shows. */
const BESIDE = new Set(["seconds", "on", "shown"]);
const wordsOf = (fields) =>
  JSON.stringify(fields.filter(([name, value]) => value && !BESIDE.has(name)).sort());

/** Put the copy's values into the form, then to the server: by its draft, or by the submit that
    was asked for. */
async function restore() {
  const copy = read(desk.place());
  if (!copy) return showRestoredBefore();
  const before = desk.entries(desk.form());
  if (wordsOf(copy.fields) === wordsOf(before)) return copy.submit ? submitAgain() : desk.forget();
  // Somebody went on in another browser since: what the server has is newer.
  if (Number(desk.form().dataset.draftAt) > copy.at + CLOCKS_DIFFER) return desk.forget();
  if (!fill(copy.fields) && desk.form().dataset.draft) return openBy(copy, before);
  document.dispatchEvent(new Event("desk:filled"));
  if (copy.submit) return submitAgain();
  showRestored(before);
  await desk.entered();
}

/** Put other values into the form's fields; those that are not there (an editor that is not open)
    are the server's to open. True when every value found its field. */
function fill(fields) {
  const given = new Map(fields);
  for (const control of desk.form().elements) {
    if (!control.name || desk.MACHINERY.has(control.name) || control.type === "submit") continue;
    if (control.type === "radio" || control.type === "checkbox")
      control.checked = given.get(control.name) === control.value;
    else control.value = given.get(control.name) ?? "";
  }
  return fields.every(([name, value]) => !value || name in desk.form().elements);
}

/** Let the server open what the copy needs: its draft, and the page anew. */
async function openBy(copy, before) {
  const at = desk.form();
  const mark = `${desk.place()}:before`;
  if (sessionStorage.getItem(mark)) return desk.forget(), showRestoredBefore(); // not again
  const body = new FormData();
  for (const [name, value] of copy.fields) body.append(name, value);
  for (const name of [TOKEN, "token"]) body.set(name, desk.field(name).value);
  const answer = await desk.post(at.dataset.draft, body);
  if (!answer.ok || at !== desk.form()) return;
  if (!copy.submit) desk.forget();
  sessionStorage.setItem(mark, JSON.stringify(before));
  location.reload();
}

/** Other words in the place of these, as another tab had them. */
export async function swap(given, fields) {
  desk = given;
  if (!fill(fields)) return openBy({ fields }, desk.entries(desk.form()));
  await desk.entered();
}

function showRestored(before) {
  const note = show("restored");
  note?.querySelector("button").addEventListener("click", () => {
    fill(before);
    note.remove();
    desk.entered();
  });
}

function showRestoredBefore() {
  const name = `${desk.place()}:before`;
  const before = sessionStorage.getItem(name);
  if (!before) return;
  sessionStorage.removeItem(name);
  showRestored(JSON.parse(before));
}

function show(name) {
  const note = document.getElementById(name).content.cloneNode(true).firstElementChild;
  document.querySelector(".notices")?.append(note);
  return note;
}
