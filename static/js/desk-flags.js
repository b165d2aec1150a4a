/* The list of flags by keys: it opens at its first box, digits tick, arrows walk, Escape closes.
   By pointer it needs no script at all. */

const DIGIT = /^[1-9]$/;

export default function begin({ actions, focusCard }) {
  function toggle(card) {
    const opener = card?.querySelector(".show-flags");
    if (!opener) return;
    opener.checked = !opener.checked;
    if (opener.checked) card.querySelector(".flags input").focus();
    else focusCard(card);
  }

  function tick(box) {
    if (!box) return;
    box.focus();
    box.click();
  }

  actions.flags = toggle;

  // Before the desk sees the key: there a digit is a rank.
  function answer(event) {
    const list = event.target.closest?.(".flags");
    if (!list || event.altKey || event.ctrlKey || event.metaKey) return;
    const boxes = [...list.querySelectorAll("input")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") toggle(list.closest(".response"));
    else if (step) boxes[boxes.indexOf(event.target) + step]?.focus();
    else if (DIGIT.test(event.key)) tick(boxes[event.key - 1]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  document.addEventListener("keydown", answer, { capture: true });
}
