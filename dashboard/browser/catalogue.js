// English needs no catalogue. For any other language the war room serves one in this module's place, of the
// sentences that the browser's modules say (dashboard/browser/__init__.py).

/** @type {{language: string, locale: string, texts: Record<string, string>, forms: Record<string, string[]>, categories: Record<string, number>, templates: Record<string, string>}} */
export const catalogue = { language: "en", locale: "en", texts: {}, forms: {}, categories: {}, templates: {} };
