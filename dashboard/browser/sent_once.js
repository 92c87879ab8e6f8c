// A form is sent once: a second press while its answer is on the way is none. What an answer shows once, a password or a
// key, would be lost with it.
const AGAIN_MS = 10000; // after which an answer is given up, and the form may be sent again

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, AGAIN_MS);
});
// Back from the answer, the page is there as it was left.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
