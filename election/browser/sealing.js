// What pages keep on a phone so that only this tab reads it again: sealed by AES-GCM, the nonce first, under a key that is
// kept in the tab's session alone. Who has the phone's disk, or a backup of it, has noise.

const NONCE = 12; // bytes
const KEY = 32;

/** Whether anything can be sealed here: on a plain address nothing can. */
export const canSeal = () => Boolean(globalThis.crypto?.subtle);

/** A request to the phone's database, as a promise. @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
export function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** A key of one's own, in base64. */
export const newKey = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(KEY))));

/** @param {string} key  base64 @param {"encrypt" | "decrypt"} use */
const imported = (key, use) => crypto.subtle.importKey("raw", Uint8Array.from(atob(key), (char) => char.charCodeAt(0)), "AES-GCM", false, [use]);

/** @param {string} text @param {string} key  base64 @returns {Promise<ArrayBuffer>} */
export async function sealed(text, key) {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
  const cipher = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, await imported(key, "encrypt"), new TextEncoder().encode(text));
  return new Blob([nonce, cipher]).arrayBuffer();
}

/** The JSON that was sealed. Rejects where the key is another's. @param {ArrayBuffer} content @param {string} key  base64
 * @returns {Promise<any>} */
export async function unsealed(content, key) {
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: content.slice(0, NONCE) }, await imported(key, "decrypt"), content.slice(NONCE));
  return JSON.parse(new TextDecoder().decode(plain));
}
