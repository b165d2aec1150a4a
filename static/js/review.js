/* Keys of the review page: those of the desk where they fit. They do what the page's own buttons
   and radios do, and only while no text field has the focus. */

const form = document.getElementById("settle");
const rows = [...form.querySelectorAll("[data-row]")];
let current = 0;

const focusRow = (index) => {
  current = Math.min(Math.max(index, 0), rows.length - 1);
  const choices = [...rows[current].querySelectorAll("input")];
  (choices.find((one) => one.checked) ?? choices[0])?.focus();
};

const choose = (value) => {
  const choice = rows[current]?.querySelector(`input[value="${value}"]`);
  if (!choice) return;
  choice.checked = true;
  choice.focus();
};

const clear = () => {
  for (const one of rows[current]?.querySelectorAll("input:checked") ?? []) one.checked = false;
};

const press = (selector) => document.querySelector(selector)?.click();

const ACTIONS = {
  x: () => choose("x"),
  0: clear,
  j: () => focusRow(current + 1),
  k: () => focusRow(current - 1),
  c: () => document.getElementById("reason").focus(),
  a: () => press("#approve button"),
  n: () => press("#next-item"),
  z: () => press(".message form button"),
};

const isWriting = (target) => target.matches("textarea, select, input:not([type=radio])");

form.addEventListener("focusin", (event) => {
  const index = rows.indexOf(event.target.closest("[data-row]"));
  if (index >= 0) current = index;
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key === "Enter" && event.target.closest("#settle")) {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  if ("keysOff" in form.dataset || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isWriting(event.target)) {
    if (event.key === "Escape" && event.target.id === "reason") focusRow(current);
    return;
  }
  const key = event.key.toLowerCase();
  const action = /^[1-9]$/.test(key) ? () => choose(key) : ACTIONS[key];
  if (!action) return;
  event.preventDefault();
  action();
});

document.getElementById("problems")?.focus();
