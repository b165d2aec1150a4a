// [data-suggested-by="id"]: fills itself with what that field suggests, until somebody types here.
// The server suggests the same for whoever has no script.

const MOST = 60;

function slugOf(name) {
  const plain = name.normalize("NFKD").replace(/[^\x00-\x7f]/g, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "-").slice(0, MOST).replace(/^-+|-+$/g, "");
}

for (const field of document.querySelectorAll("[data-suggested-by]")) {
  const name = document.getElementById(field.dataset.suggestedBy);
  let isOwn = field.value !== "" && field.value !== slugOf(name.value);
  field.addEventListener("input", () => (isOwn = field.value !== ""));
  name.addEventListener("input", () => {
    if (!isOwn) field.value = slugOf(name.value);
  });
}
