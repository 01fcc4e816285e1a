// docker-compose.yml as Compose reads it, as far as we use its language: merged anchors, `$$`, `${NAME:-default}`,
// `${NAME:?message}`, and variables without a value, which are passed on where they are set.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repositoryFolder } from '../../../supervisor/repository-folder.ts';

type Condition = 'service_started' | 'service_healthy' | 'service_completed_successfully';

export interface ComposeService {
  image: string;
  command?: string[];
  environment?: Record<string, string | number | null>;
  depends_on?: Record<string, { condition: Condition }>;
  networks: string[];
  ports?: string[];
  tmpfs: string[];
  cap_drop: string[];
  security_opt: string[];
  read_only?: boolean;
  healthcheck?: { test?: string[]; disable?: boolean };
  user?: string;
  [other: string]: unknown;
}

export interface ComposeFile {
  services: Record<string, ComposeService>;
  networks: Record<string, { internal?: boolean } | null>;
  volumes: Record<string, null>;
}

export type Variables = Record<string, string | undefined>;

/** The file with its variables still in it. */
export function readComposeFile(): ComposeFile {
  return parse(readFileSync(join(repositoryFolder, 'docker-compose.yml'), 'utf8'), { merge: true });
}

/** The same with every variable replaced. @throws Error with the message of a required one that is missing */
export function interpolate<Part>(part: Part, variables: Variables): Part {
  if (typeof part === 'string') return interpolateText(part, variables) as Part;
  if (Array.isArray(part)) return part.map((entry) => interpolate(entry, variables)) as Part;
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, interpolate(value, variables)])) as Part;
}

function interpolateText(text: string, variables: Variables): string {
  return text.replace(/\$(?:(\$)|\{(\w+):([-?])([^}]*)\}|)/g, (all, dollar, name, operator, rest) => {
    if (dollar) return '$';
    if (name === undefined) throw new Error(`${all} in ${text} is nothing that is understood here`);
    const value = variables[name];
    if (value) return value;
    if (operator === '-') return rest;
    throw new Error(`${name}: ${rest}`);
  });
}

/** What the process in the container finds in its environment, but for what the image sets. */
export function environmentOf(service: ComposeService, variables: Variables): Record<string, string> {
  const given = Object.entries(interpolate(service.environment ?? {}, variables)).map(([name, value]) => [
    name,
    value === null ? variables[name] : String(value),
  ]);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** The variables of a `.env` file without quotes. */
export function parseEnvFile(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
}
