/* The tiers layout: a board with a row for each tier and the responses' letters in it, moved by
   buttons, by keys or by dragging. It only sets the ranks that the cards have: whoever saves or
   submits knows nothing of it. */

export default function begin({ actions, cards, letter, rankOf, setRank, focusCard, words }) {
  const make = (tag, text, attributes) => {
    const node = document.createElement(tag);
    node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const cardOf = (name) => cards().find((card) => letter(card) === name);
  const hasFloor = () => Boolean(document.querySelector(".rank .floor"));

  /** From best to worst: the ranks, the floor, nothing. */
  const places = () => [...cards().map((_, i) => i + 1), ...(hasFloor() ? ["x"] : []), null];

  /** The rows: each place that is taken, the next free one after them, the floor, nothing. */
  function rows() {
    const lowest = Math.max(0, ...cards().map(rankOf).filter((rank) => typeof rank === "number"));
    return places().filter((rank) => typeof rank !== "number" || rank <= lowest + 1);
  }

  const nameOf = (rank) =>
    rank === null ? words("tierNone") : rank === "x" ? words("tierFloor") : words("tierRank", { rank });

  function token(card) {
    const name = letter(card);
    const node = make("span", "", { class: "token", "data-letter": name });
    const button = (text, by, label) => {
      const one = make("button", text, { type: "button", "aria-label": words(label, { letter: name }) });
      one.addEventListener("click", () => move(card, by));
      return one;
    };
    const head = make("button", name, { type: "button", class: "head", "aria-label": words("tierRead", { letter: name }) });
    head.addEventListener("click", () => focusCard(card));
    head.addEventListener("pointerdown", (event) => drag(event, node, card));
    node.append(button("↑", -1, "tierUp"), head, button("↓", 1, "tierDown"));
    return node;
  }

  function draw() {
    const answers = document.querySelector(".answers");
    if (!answers?.querySelector(".rank")) return;
    const held = document.activeElement?.closest?.(".token");
    const again = held && [held.dataset.letter, [...held.children].indexOf(document.activeElement)];
    const board = make("section", "", { class: "tiers", "aria-label": words("tiers") });
    for (const rank of rows()) {
      const row = make("div", "", { class: "row-of-tier", role: "group", "aria-label": nameOf(rank), "data-rank": rank ?? "" });
      row.append(make("b", nameOf(rank), { "aria-hidden": "true" }));
      row.append(...cards().filter((card) => rankOf(card) === rank).map(token));
      board.append(row);
    }
    answers.querySelector(".tiers")?.remove();
    answers.prepend(board);
    if (again) board.querySelector(`[data-letter="${again[0]}"]`).children[again[1]].focus();
  }

  function move(card, by) {
    const all = places();
    const place = all[all.indexOf(rankOf(card)) + by];
    if (place !== undefined) setRank(card, place);
  }

  /* Dragging: the row under the pointer takes the response when it is let go. */
  function drag(event, node, card) {
    if (event.button) return;
    const { target, pointerId, clientX, clientY } = event;
    const rowAt = (moved) => document.elementFromPoint(moved.clientX, moved.clientY)?.closest(".row-of-tier");
    let isDragged = false;
    target.setPointerCapture(pointerId);
    const follow = (moved) => {
      const [x, y] = [moved.clientX - clientX, moved.clientY - clientY];
      isDragged ||= Math.hypot(x, y) > 5;
      node.style.translate = isDragged ? `${x}px ${y}px` : "";
      node.classList.toggle("dragged", isDragged);
      document.querySelectorAll(".row-of-tier.over").forEach((row) => row.classList.remove("over"));
      if (isDragged) rowAt(moved)?.classList.add("over");
    };
    const drop = (moved) => {
      target.removeEventListener("pointermove", follow);
      const row = isDragged && moved.type === "pointerup" && rowAt(moved);
      node.style.translate = "";
      node.classList.remove("dragged");
      document.querySelectorAll(".row-of-tier.over").forEach((one) => one.classList.remove("over"));
      if (!row) return;
      const { rank } = row.dataset;
      setRank(card, rank === "" ? null : rank === "x" ? "x" : Number(rank));
    };
    target.addEventListener("pointermove", follow);
    for (const name of ["pointerup", "pointercancel"]) target.addEventListener(name, drop, { once: true });
  }

  actions.tiers = draw;
  document.addEventListener("desk:order", draw);
  document.addEventListener("desk:item", draw);
  draw();
}
