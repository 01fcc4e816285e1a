/*
 * What a new AsyncAPI document breaks for consumers of an older one. An event that is valid by the new schema must be valid
 * by the old one, member by member, over the part of JSON Schema that our schemas use: what it doesn't know it calls a break
 * unless it is the same.
 */
import { isDeepStrictEqual } from 'node:util';

type Json = Record<string, unknown>;
interface Schema extends Json {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
}
interface Document extends Json {
  channels: Record<string, { address: string; bindings: Json }>;
  components: { messages: Record<string, { payload: Schema; contentType: string }> };
}

const judged = ['type', 'const', 'enum', 'anyOf', 'properties', 'required', 'additionalProperties', 'items'];
const said = ['description', 'title', 'examples', 'default'];

/** A sentence for each break; none where every consumer of `before` can take what `after` describes. */
export function findBreaks(before: Document, after: Document): string[] {
  const breaks: string[] = [];
  for (const [name, channel] of Object.entries(before.channels)) {
    const now = after.channels[name];
    if (now?.address !== channel.address || !isDeepStrictEqual(now.bindings, channel.bindings)) {
      breaks.push(`the channel ${name} is another one`);
    }
  }
  for (const [name, message] of Object.entries(before.components.messages)) {
    const now = after.components.messages[name];
    if (now === undefined) breaks.push(`${name} is gone`);
    else if (now.contentType !== message.contentType) breaks.push(`${name} is of another content type`);
    else breaks.push(...compare(message.payload, now.payload, name));
  }
  return breaks;
}

function compare(before: Schema, after: Schema, path: string): string[] {
  if (before.anyOf || after.anyOf) return compareBranches(branches(before), branches(after), path);
  const breaks: string[] = [];
  const widened = values(after)?.find((value) => !values(before)?.some((old) => isDeepStrictEqual(old, value)));
  if (values(before) && (!values(after) || widened !== undefined)) breaks.push(`${path} takes other values`);
  const types = [after.type ?? []].flat();
  const known = [before.type ?? []].flat();
  if (known.length > 0 && !(types.length > 0 && types.every((type) => known.includes(type)))) {
    breaks.push(`${path} is of another type`);
  }
  for (const keyword of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (judged.includes(keyword) || said.includes(keyword)) continue;
    if (keyword in before && !isDeepStrictEqual(before[keyword], after[keyword]))
      breaks.push(`${path} has another ${keyword}`);
  }
  if (before.items) breaks.push(...compare(before.items, after.items ?? {}, `${path}[]`));
  return [...breaks, ...compareMembers(before, after, path)];
}

function compareMembers(before: Schema, after: Schema, path: string): string[] {
  const [old = {}, now = {}] = [before.properties, after.properties];
  const breaks = Object.entries(old).flatMap(([name, schema]) => {
    const at = `${path}.${name}`;
    const present = now[name];
    if (present === undefined) return [`${at} is gone`];
    const missing = before.required?.includes(name) && !after.required?.includes(name);
    return [...(missing ? [`${at} may be missing`] : []), ...compare(schema, present, at)];
  });
  const rest = before.additionalProperties ?? true;
  const more = Object.entries(now).filter(([name]) => !(name in old));
  for (const [name, schema] of more) {
    if (rest === false) breaks.push(`${path}.${name} is new where nothing more was promised`);
    else if (rest !== true) breaks.push(...compare(rest, schema, `${path}.${name}`));
  }
  const open = after.additionalProperties ?? true;
  if (before.type !== 'object' || rest === true || isDeepStrictEqual(rest, {})) return breaks;
  if (open === true || (rest === false && open !== false)) breaks.push(`${path} takes more members`);
  else if (rest !== false && open !== false) breaks.push(...compare(rest, open, `${path}.*`));
  return breaks;
}

/** Each new branch must be taken by an old one. */
function compareBranches(before: Schema[], after: Schema[], path: string): string[] {
  return after.flatMap((branch) => {
    const all = before.map((old) => compare(old, branch, path));
    if (all.some((breaks) => breaks.length === 0)) return [];
    return all.toSorted((left, right) => right.join().length - left.join().length)[0] ?? [];
  });
}

function branches(schema: Schema): Schema[] {
  return schema.anyOf ?? [schema];
}

function values({ const: only, enum: some }: Schema): unknown[] | undefined {
  return only === undefined ? some : [only];
}
