/* A response compared with another one, word by word, in the place of its text: with the
   best-ranked, or with the one chosen. */

export default function begin({ actions, cards, focusCard, letter, rankOf, ask, nodesOf }) {
  const shownOn = (card) => card?.querySelector(":scope > .compare");

  function best(card) {
    const place = (one) => (typeof rankOf(one) === "number" ? rankOf(one) : Infinity);
    const others = cards().filter((one) => one !== card);
    return others.reduce((a, b) => (place(b) < place(a) ? b : a), others[0]);
  }

  async function show(card, against) {
    const path = `diff/?of=${letter(card).toLowerCase()}&against=${against.toLowerCase()}`;
    const answer = await ask(path);
    if (!answer) return;
    const [compare] = await nodesOf(answer);
    shownOn(card)?.remove();
    card.querySelector(":scope > .body").before(compare);
    (compare.querySelector("select") ?? compare.querySelector(".changes")).focus({ preventScroll: true });
  }

  function close(card) {
    shownOn(card)?.remove();
    focusCard(card);
  }

  actions.diff = (card) => {
    if (shownOn(card)) close(card);
    else if (card && cards().length > 1) show(card, letter(best(card)));
  };

  document.addEventListener("change", ({ target }) => {
    const compare = target.closest?.(".compare");
    if (compare) show(compare.parentElement, target.value);
  });

  // Before the desk sees the key: in the list of responses it would be for the list.
  function leave(event) {
    const card = event.target.closest?.(".compare")?.parentElement;
    if (!card || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key !== "Escape" && event.key.toLowerCase() !== "d") return;
    event.preventDefault();
    event.stopPropagation();
    close(card);
  }
  document.addEventListener("keydown", leave, { capture: true });
}
