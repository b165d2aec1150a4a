/* Correcting a response: its editor lies in the place of the text and shows what changes. The text
   comes from the server when it is first wanted, so no page carries every response twice. Also the
   preview of a demonstration. */

const COMPARE_AFTER = 400; // ms without a change

export default function begin({ actions, form, cards, focusCard, letter, words, announce, ask, nodesOf }) {
  const editorOf = (card) => card?.querySelector(":scope > .edit");
  const nameOf = (card) => letter(card).toLowerCase();
  let timer = 0;

  function showState(card) {
    card.classList.toggle("corrected", Boolean(editorOf(card)?.querySelector(".diff :is(ins, del)")));
  }

  async function compare(card) {
    const field = editorOf(card)?.querySelector("textarea");
    if (!field) return;
    const text = field.value;
    const answer = await ask("diff/", { of: nameOf(card), text }, { isQuiet: true });
    if (!answer || !field.isConnected || field.value !== text) return;
    editorOf(card).querySelector(".changes").replaceChildren(...(await nodesOf(answer)));
    showState(card);
  }

  async function open(card) {
    if (!document.querySelector(`.response [data-act="edit"]`)) return;
    const answer = await ask(`edit/${nameOf(card)}/`);
    if (!answer || editorOf(card)) return;
    const [editor] = await nodesOf(answer);
    card.querySelector(":scope > .dropped")?.remove();
    card.querySelector(":scope > .body").after(editor);
    start(editor.querySelector("textarea"));
  }

  function start(field) {
    field.focus();
    field.setSelectionRange(0, 0);
    field.scrollTop = 0;
  }

  /** Open the editor; close it when it is open. One that changed nothing goes. */
  function toggle(card) {
    if (!card) return;
    const editor = editorOf(card);
    if (!editor) return open(card);
    const isClosed = editor.classList.toggle("closed");
    if (!isClosed) return start(editor.querySelector("textarea"));
    if (!card.classList.contains("corrected") && !editor.dataset.waits) {
      editor.remove();
      changedForm();
    }
    focusCard(card);
  }

  /** A field that left the form changes the draft too. */
  function changedForm() {
    form().elements.key.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function drop(card) {
    const editor = editorOf(card);
    if (!editor) return;
    editor.remove();
    card.classList.remove("corrected");
    const undo = document.createElement("p");
    undo.className = "dropped row";
    const said = document.createElement("span");
    said.className = "note";
    said.textContent = words("dropped");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = words("undo");
    button.addEventListener("click", () => {
      undo.remove();
      card.querySelector(":scope > .body").after(editor);
      editor.classList.remove("closed");
      showState(card);
      changedForm();
      editor.querySelector("textarea").focus();
    });
    undo.append(said, button);
    card.append(undo);
    changedForm();
    announce(words("dropped"));
    focusCard(card);
  }

  /* The preview of a demonstration */

  const preview = () => document.querySelector(".demonstration > .preview");

  async function showPreview() {
    const field = document.getElementById("demonstration");
    const text = field?.value ?? "";
    if (!text.trim()) return preview()?.replaceChildren();
    const answer = await ask("preview/", { text }, { isQuiet: true });
    if (answer && field.isConnected && field.value === text)
      preview().replaceChildren(...(await nodesOf(answer)));
  }

  function togglePreview() {
    preview().hidden = !preview().hidden;
    if (!preview().hidden) showPreview();
  }

  Object.assign(actions, { edit: toggle, drop, preview: togglePreview });

  document.addEventListener("input", ({ target }) => {
    const card = target.closest?.(".edit")?.parentElement;
    const isPreviewed = target.id === "demonstration" && !preview().hidden;
    if (!card && !isPreviewed) return;
    // Until the server has compared, nobody knows that nothing changed.
    if (card) editorOf(card).dataset.waits = "";
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (isPreviewed) return showPreview();
      await compare(card);
      if (editorOf(card)) delete editorOf(card).dataset.waits;
    }, COMPARE_AFTER);
  });

  const showAll = () => cards().forEach(showState);
  document.addEventListener("desk:item", showAll);
  showAll();
}
