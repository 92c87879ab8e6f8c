// What may be sent by WhatsApp now, in words, for the outbox desk.
import { make } from "./elements.js";
import { tr } from "./language.js";

/** @typedef {{numbers: number, templates: string[], waiting: Record<string, number>, sms: boolean}} WhatsApp */

/** @param {WhatsApp | null | undefined} w @param {Record<string, string>} purposes */
export function whatsAppWords(w, purposes) {
  if (!w) return [];
  const named = w.templates.map((p) => purposes[p] || p).join(", ");
  const rest = w.sms ? tr("Everything else goes as SMS.") : tr("Everything else waits and expires: no number sends SMS.");
  const { free = 0, template = 0, sms = 0 } = w.waiting;
  const waits = free + template + sms;
  return [
    make("p", { class: "dim" }, tr("WhatsApp: free words within 24 hours of a watcher’s last WhatsApp text; after that only by template ({named}). {rest}", { named: named || tr("none is set up"), rest })),
    ...(waits ? [make("p", { class: w.sms || !sms ? "dim" : "loud" }, w.sms ? tr("Waiting: {free} in free words, {template} by template, {sms} as SMS.", { free, template, sms }) : tr("Waiting: {free} in free words, {template} by template, {sms} that may not go out.", { free, template, sms }))] : []),
  ];
}
