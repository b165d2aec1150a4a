/* Marking errors: words selected in a response, or quoted, get a label and a note. They are kept as
   places in the raw text, in the form's field; on the page they are painted over the text without
   touching it. Where the browser cannot paint, the list below the response says the same. */

export default async function begin(desk) {
  const { actions, form, cards, current, focusCard, letter, words, announce, ask, nodesOf } = desk;
  const { alignRendered, alignRaw } = await desk.load("align");
  const field = () => form().elements.highlights;
  const dialog = () => document.getElementById("marking");
  const offer = () => document.getElementById("mark-these");
  const nameOf = (card) => letter(card).toLowerCase();
  const cardOf = (name) => document.getElementById(`response-${name}`);
  const inDialog = (selector) => dialog().querySelector(selector);

  /* What is marked: a list in the form's field */

  function marks() {
    try {
      return JSON.parse(field().value || "[]");
    } catch {
      return [];
    }
  }

  async function keep(list) {
    field().value = JSON.stringify(list);
    field().dispatchEvent(new Event("change", { bubbles: true }));
    paint();
    // All of them: each entry knows its number among the marks of all responses.
    const shown = cards().filter((card) => card.querySelector(":scope > .marks li") || list.some((mark) => mark.response === nameOf(card)));
    await Promise.all(shown.map(draw));
  }

  async function draw(card) {
    const highlights = field().value;
    const answer = await ask("marks/", { of: nameOf(card), highlights }, { isQuiet: true });
    if (answer && card.isConnected && highlights === field().value)
      placeFor(card).replaceChildren(...(await nodesOf(answer)));
  }

  function placeFor(card) {
    const place = card.querySelector(":scope > .marks") ?? document.createElement("div");
    place.className = "marks";
    if (!place.isConnected) card.append(place);
    return place;
  }

  /* Where it is: the raw text is fetched once for each response, for its exact characters */

  const texts = new WeakMap(); // card → promise of its two alignments
  const ready = new WeakMap();

  function alignments(card) {
    if (!texts.has(card)) texts.set(card, align(card));
    return texts.get(card);
  }

  async function align(card) {
    const answer = await ask(`raw/${nameOf(card)}/`);
    if (!answer) return texts.delete(card), [];
    // Not text(): that would swallow a byte order mark, and every place would be one off.
    const raw = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await answer.arrayBuffer());
    const [rendered, plain] = [".rendered", ".text.raw"].map((one) => card.querySelector(`.body > ${one}`));
    const both = rendered ? [alignRendered(raw, rendered), alignRaw(raw, plain)] : [];
    ready.set(card, both);
    return both;
  }

  /* Painting */

  const styleOf = (label) => {
    const choice = [...inDialog(".choices").querySelectorAll("input")].find(({ value }) => value === label);
    return Number(choice?.dataset.style ?? 0) % 4;
  };

  const rangesOf = ({ response, start, end }) =>
    (ready.get(cardOf(response)) ?? []).flatMap((alignment) => alignment.rangesOf(start, end));

  async function paint() {
    if (!CSS.highlights || !dialog()) return;
    const list = marks();
    await Promise.all([...new Set(list.map((mark) => cardOf(mark.response)))].filter(Boolean).map(alignments));
    for (let style = 0; style < 4; style++) {
      const ranges = list.filter((mark) => styleOf(mark.label) === style).flatMap(rangesOf);
      CSS.highlights.set(`error-${style}`, new Highlight(...ranges));
    }
  }

  function emphasise(entry) {
    if (!CSS.highlights) return;
    const mark = entry && marks()[entry.dataset.mark];
    const now = new Highlight(...(mark ? rangesOf(mark) : []));
    now.priority = 1;
    CSS.highlights.set("error-now", now);
  }

  for (const kind of ["pointerover", "focusin"])
    document.addEventListener(kind, ({ target, type }) => {
      const entry = target.closest?.(".marks [data-mark]");
      emphasise(entry);
      if (type === "focusin" && entry) reveal(marks()[entry.dataset.mark]);
    });

  /** Scroll the response, and nothing else, to what is marked. */
  function reveal(mark) {
    const shown = mark && rangesOf(mark).find((range) => range.getClientRects().length);
    const body = shown && cardOf(mark.response).querySelector(":scope > .body");
    if (!body) return;
    const [box, frame] = [shown.getBoundingClientRect(), body.getBoundingClientRect()];
    if (box.top < frame.top || box.bottom > frame.bottom) body.scrollTop += box.top - frame.top - frame.height / 3;
  }

  /* The dialog */

  let at = null; // what is being marked: {card, start, end, number}

  /** The words selected in a response now, by their places. */
  async function selected() {
    const selection = getSelection();
    if (selection.isCollapsed || !selection.rangeCount) return null;
    const range = selection.getRangeAt(0);
    const body = range.startContainer.parentElement?.closest(".response > .body");
    if (!body) return null;
    const card = body.parentElement;
    for (const alignment of await alignments(card)) {
      const place = alignment.offsetsOf(range);
      if (place) return { card, ...place, words: alignment.words(place.start, place.end) };
    }
    return null;
  }

  function open(place, { label = "", note = "" } = {}) {
    at = place;
    const isQuoted = place.start === undefined;
    offer().hidden = true;
    inDialog("form").reset();
    inDialog("blockquote").hidden = isQuoted;
    inDialog("blockquote").textContent = place.words ?? "";
    inDialog("#marking-quote").parentElement.hidden = !isQuoted;
    inDialog("#marking-note").value = note;
    for (const choice of inDialog(".choices").querySelectorAll("input")) choice.checked = choice.value === label;
    complain("");
    dialog().showPopover();
    (isQuoted ? inDialog("#marking-quote") : inDialog(":checked") ?? inDialog("[name=label]")).focus();
  }

  function complain(text) {
    inDialog(".errorlist").textContent = text;
    inDialog(".errorlist").hidden = !text;
  }

  async function save() {
    const label = inDialog(":checked")?.value;
    if (at.start === undefined) {
      const answer = await ask("quote/", { response: nameOf(at.card), quote: inDialog("#marking-quote").value });
      if (!answer) return;
      if (!answer.ok) return complain(await answer.text());
      Object.assign(at, await answer.json());
    }
    if (!label) return complain(words("unsaid"));
    const mark = { response: nameOf(at.card), start: at.start, end: at.end, label, note: inDialog("#marking-note").value.trim() };
    const isSame = (one) => ["response", "start", "end", "label"].every((name) => one[name] === mark[name]);
    const others = marks().filter((one, number) => number !== at.number && !isSame(one));
    dialog().hidePopover();
    getSelection().removeAllRanges();
    announce(words("marked"));
    await keep([...others, mark]);
  }

  /* Keys and buttons */

  actions.highlight = async (card) => {
    const place = await selected();
    if (place) open(place);
    else if (card) open({ card });
  };

  const numberOf = (button) => Number(button.closest("[data-mark]").dataset.mark);

  actions.highlight_change = async (card, button) => {
    const number = numberOf(button);
    const mark = marks()[number];
    if (!mark) return;
    const [alignment] = await alignments(card);
    open({ card, number, start: mark.start, end: mark.end, words: alignment?.words(mark.start, mark.end) }, mark);
  };

  actions.highlight_remove = async (card, button) => {
    const list = marks();
    list.splice(numberOf(button), 1);
    announce(words("unmarked"));
    emphasise(null);
    focusCard(card);
    await keep(list);
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.closest("#marking")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    save();
  }, { capture: true });

  document.addEventListener("keydown", (event) => {
    if (!event.target.closest?.("#marking")) return;
    const choice = /^[1-9]$/.test(event.key) && !event.target.matches("textarea");
    if (choice) {
      const radio = inDialog(".choices").querySelectorAll("input")[event.key - 1];
      if (radio) radio.checked = true, radio.focus();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey || !event.target.matches("textarea, button"))) save();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });

  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("#mark-these")) actions.highlight(current());
  });
  // A click on the offer must not take the selection away before it is read.
  document.addEventListener("pointerdown", (event) => {
    if (event.target.closest?.("#mark-these")) event.preventDefault();
  });

  /* The offer beside selected words */

  let timer = 0;
  function propose() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!offer()) return;
      const selection = getSelection();
      const body = selection.anchorNode?.parentElement?.closest(".response > .body");
      const isChosen = body && !selection.isCollapsed && selection.toString().trim() && !dialog().matches(":popover-open");
      const box = isChosen && selection.getRangeAt(0).getBoundingClientRect();
      const floor = document.querySelector(".bar").getBoundingClientRect().top;
      // Words that were scrolled away keep their key, not their button.
      offer().hidden = !isChosen || box.bottom < 0 || box.top > floor;
      if (offer().hidden) return;
      const size = offer().getBoundingClientRect();
      const below = Math.min(box.bottom + 8, floor - size.height - 8);
      offer().style.setProperty("inset-block-start", `${Math.max(below, 8)}px`);
      offer().style.setProperty("left", `${Math.max(8, Math.min(box.left, innerWidth - size.width - 8))}px`);
    }, 150);
  }
  document.addEventListener("selectionchange", propose);
  document.addEventListener("scroll", propose, { capture: true, passive: true });

  document.addEventListener("desk:item", paint);
  paint();
  propose();
}
