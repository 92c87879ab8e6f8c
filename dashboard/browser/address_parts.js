// Addresses of the board as text: /precinct/ID, or /?precinct=…&county=…&state=…&at=…&view=table&tab=…

/** The address with these changes; null removes a part. `full`: of the precinct's own page.
 * @param {{pathname: string, search: string}} from @param {Record<string, string | null>} changes @param {boolean} [full] */
export function addressWith(from, changes, full) {
  const query = new URLSearchParams(from.search);
  for (const [key, value] of Object.entries(changes)) value === null ? query.delete(key) : query.set(key, value);
  if (full) query.delete("precinct");
  const stays = ["at", "view", "tab"].some((part) => part in changes);
  const path = full ? "/precinct/" + encodeURIComponent(changes.precinct ?? "") : stays ? from.pathname : "/";
  const text = query.toString();
  return path + (text ? "?" + text : "");
}
