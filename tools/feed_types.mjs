// Types of the feed's messages for the browser's code, written from docs/schema before the type checker runs:
// `node tools/feed_types.mjs [FILE]`. The result is kept nowhere (node_modules/.feed/messages.d.ts).
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const SCHEMAS = new URL("../docs/schema/", import.meta.url);
const MESSAGES = ["hello", "snapshot", "delta", "beat"];
// What a snapshot's columns are as a row; no schema names it (election/wire/feed.py, PrecinctInfo).
const PRECINCT_INFO = `{
  precinct_id: string; name: string; county: string; group: string; site_id: string; registered: number;
  already_voted: number; opens_at: number; closes_at: number; timezone: string; lat: number | null; lon: number | null;
}`;
const SIMPLE = { string: "string", number: "number", integer: "number", boolean: "boolean", null: "null" };

/** The type of a value that a JSON schema describes, in TypeScript. */
export function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" | ");
  if (schema.type === "array") return `(${schema.items ? typeOf(schema.items) : "unknown"})[]`;
  if (schema.type === "object" && schema.properties) return body(schema);
  if (schema.type === "object")
    return `Record<string, ${schema.additionalProperties ? typeOf(schema.additionalProperties) : "unknown"}>`;
  if (schema.type === undefined) return "any";
  const simple = SIMPLE[schema.type];
  if (!simple) throw new Error(`no type for ${JSON.stringify(schema)}`);
  return simple;
}

function body(schema) {
  // The tally writes every field of its release, also where a reader may do without (docs/feed.md).
  const lines = Object.entries(schema.properties).map(([name, part]) => `  ${name}: ${typeOf(part)};`);
  return `{\n${lines.join("\n")}\n}`;
}

/** The declarations of all messages and of what they hold. Throws where two messages disagree. */
export function declarations(schemas) {
  const found = new Map();
  for (const schema of schemas)
    for (const [name, part] of [...Object.entries(schema.$defs ?? {}), [schema.title, schema]]) {
      const type = typeOf(part);
      if (found.has(name) && found.get(name) !== type) throw new Error(`${name} is not the same in all messages`);
      found.set(name, type);
    }
  found.set("PrecinctInfo", PRECINCT_INFO);
  found.set("Message", schemas.map((schema) => schema.title).join(" | "));
  return [...found].map(([name, type]) => `export type ${name} = ${type};\n`).join("\n");
}

export const schemas = () =>
  MESSAGES.map((name) => JSON.parse(readFileSync(new URL(`feed.${name}.json`, SCHEMAS), "utf8")));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2] ?? fileURLToPath(new URL("../node_modules/.feed/messages.d.ts", import.meta.url));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, declarations(schemas()));
}
