/* What is missing, after a refused submit: each sentence leads to its place with the focus, and
   goes as soon as the thing is there. */

export default function begin({ actions, focusCard, firstControl }) {
  const box = () => document.getElementById("problem");
  const placeOf = (link) => document.getElementById(link.hash.slice(1));

  function isThere(place) {
    if (place.matches("textarea")) return Boolean(place.value.trim());
    return Boolean(place.querySelector(place.matches(".response") ? ".rank :checked" : ":checked"));
  }

  function hide() {
    box().hidden = true;
    const link = box().querySelector("a:not([hidden])") ?? box().querySelector("a");
    if (link && placeOf(link)) lead(link);
    else firstControl()?.focus({ preventScroll: true });
  }

  /** The focus was in what is hidden now: without it no key would reach the desk. */
  function focusAgain(place) {
    (place.querySelector(":checked") ?? firstControl())?.focus({ preventScroll: true });
  }

  function lead(link) {
    const place = placeOf(link);
    if (!place) return;
    const ratings = place.closest(".ratings");
    if (ratings) document.getElementById(`on-${ratings.dataset.letter}`).checked = true;
    if (place.matches(".response")) focusCard(place);
    else {
      (place.querySelector("input, textarea") ?? place).focus({ preventScroll: true });
      place.scrollIntoView({ block: "center" }); // not under this message
    }
  }

  function recount() {
    if (!box() || box().hidden) return;
    const links = [...box().querySelectorAll("a")];
    const holder = document.activeElement?.closest("#problem a") ?? document.activeElement?.closest("#problem");
    let filled = null;
    for (const link of links) {
      const place = placeOf(link);
      if (!place || link.hidden || !isThere(place)) continue;
      link.hidden = true;
      filled = place;
      place.removeAttribute("aria-invalid");
      box().querySelector("strong").textContent = box().dataset.still;
    }
    if (links.length && links.every((link) => link.hidden)) box().hidden = true;
    if (filled && holder && (holder.hidden || box().hidden)) focusAgain(filled);
  }

  actions.problem = hide;
  document.addEventListener("change", recount);
  document.addEventListener("input", recount);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#problem a");
    if (!link) return;
    event.preventDefault();
    lead(link);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest?.("#problem")) hide();
  });
}
