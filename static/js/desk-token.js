/* Who signed in again elsewhere has a new token; this page still holds the old one. Any judging
   page carries the new one. Loaded when the server has refused a token. */

const NAME = "csrfmiddlewaretoken";

/** True once the new token stands in every form of this page. */
export default async function renewToken(signedOut) {
  const page = await fetch(location.pathname, { redirect: "manual" });
  if (page.type === "opaqueredirect") signedOut();
  if (!page.ok) return false;
  const parsed = new DOMParser().parseFromString(await page.text(), "text/html");
  const token = parsed.querySelector(`[name=${NAME}]`)?.value;
  if (!token) return false;
  for (const input of document.querySelectorAll(`[name=${NAME}]`)) input.value = token;
  return true;
}
