// Asks what a page begins with as soon as this one module is here, while the others still come (frame.html).

/** The answer; null: none came. @type {Promise<Response | null>} */
export const firstAnswer = fetch("/boot", { headers: { Accept: "application/json" } }).catch(() => null);
