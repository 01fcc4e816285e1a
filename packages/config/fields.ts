import { isIP } from 'node:net';
import { z } from 'zod';
import { parseDatabaseUrl } from './database-url.ts';
import { parseRedisUrl } from './redis-url.ts';

/** A TCP port; 0 asks for a free one. */
export const port = (preset: number) => wholeNumber(0, 65535).default(preset);

/** The port of health and metrics; without one it follows the part's own port. */
export const opsPort = wholeNumber(0, 65535).optional();

/** A duration in whole seconds. */
export const seconds = (preset: number) => wholeNumber(1, 31_536_000).default(preset);

/** A period of retention in whole days; 0 is for ever. */
export const days = wholeNumber(0, 36_500).default(0);

/** A limit as a count; 0 turns it off. */
export const tries = (preset: number) => wholeNumber(0, 1_000_000_000).default(preset);

/** A comma-separated list; blanks around entries don't count. */
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  );

/** CIDR ranges or addresses, comma-separated. */
export const cidrs = list.refine((entries) => entries.every(isCidr), 'must be a list of addresses or CIDR ranges');

/** Origins of pages (RFC 6454), comma-separated. */
export const origins = list.refine(
  (entries) => entries.every(isOrigin),
  'must be a list such as https://app.example.com',
);

/** Role names, comma-separated. */
export const roles = (preset: string) =>
  z
    .string()
    .default(preset)
    .transform((text) => text.split(',').map((role) => role.trim()))
    .refine((names) => names.every((name) => /^[a-z][a-z0-9_-]{0,63}$/.test(name)), 'must be a list of role names');

/** Shared secrets of at least 32 bytes each, comma-separated; the first signs, all verify. */
export const secrets = z
  .string()
  .transform((text) => text.split(',').map((secret) => secret.trim()))
  .refine((all) => all.every((secret) => Buffer.byteLength(secret) >= 32), 'each secret needs at least 32 bytes')
  .refine((all) => new Set(all).size === all.length, 'names a secret twice');

/** A URL with one of the protocols. */
export const url = (...protocols: string[]) =>
  z.string().refine((text) => hasProtocol(text, protocols), `must be a URL (${protocols.join(', ')})`);

export const databaseUrl = z.string().superRefine((text, context) => {
  try {
    parseDatabaseUrl(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/** The same, one or several, comma-separated. */
export const urls = (...protocols: string[]) =>
  z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .refine(
      (all) => all.every((text) => hasProtocol(text, protocols)),
      `must be a URL, or several (${protocols.join(', ')})`,
    );

/** The nodes of a RabbitMQ, comma-separated, each with its own credentials; a comma within a URL parts nothing. */
export const amqpUrls = z
  .string()
  .transform((text) => text.trim().split(/\s*,\s*(?=amqps?:\/\/)/))
  .refine(
    (urls) => urls.every((each) => hasProtocol(each, ['amqp:', 'amqps:']) && /^[^,]+$/.test(new URL(each).hostname)),
    'must be a URL, or several with commas between them (amqp:, amqps:)',
  );

/** `memory:`, or what `parseRedisUrl` reads. */
export const redisUrl = z.string().superRefine((text, context) => {
  if (text === 'memory:') return;
  try {
    parseRedisUrl(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

export const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info');

export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

function hasProtocol(text: string, protocols: string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}

function isCidr(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
