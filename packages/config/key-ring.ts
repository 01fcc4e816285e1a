import { z } from 'zod';

/** A named key; `bytes` is whatever the ring holds (raw bytes, or a DER document). */
export interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

/** Keys in order: the first writes or signs, all read or verify. */
export class KeyRing {
  readonly keys: readonly [Key, ...Key[]];

  constructor(keys: readonly [Key, ...Key[]]) {
    this.keys = keys;
  }

  get current(): Key {
    return this.keys[0];
  }

  find(id: string): Key | undefined {
    return this.keys.find((key) => key.id === id);
  }
}

/** A ring written as `id:base64,id:base64`; `fits` judges the decoded bytes of each key. */
export const keyRing = (fits: (bytes: Buffer) => boolean, wanted: string) =>
  z.string().transform((text, context): KeyRing => {
    const keys = text.split(',').map(parseKey);
    const fault = findFault(keys, fits, wanted);
    const [first, ...rest] = keys.filter((key) => key !== undefined);
    if (fault !== undefined || first === undefined) {
      context.addIssue({ code: 'custom', message: fault ?? 'holds no key' });
      return z.NEVER;
    }
    return new KeyRing([first, ...rest]);
  });

function parseKey(entry: string): Key | undefined {
  const match = /^([A-Za-z0-9_-]{1,64}):([A-Za-z0-9+/_-]+={0,2})$/.exec(entry.trim());
  if (!match?.[1] || !match[2]) return undefined;
  const bytes = Buffer.from(match[2], 'base64');
  return isCanonical(match[2], bytes) ? { id: match[1], bytes } : undefined;
}

/** Whether the text is the one way to write the bytes (RFC 4648 section 3.5): what was cut or mistyped mostly isn't. */
function isCanonical(text: string, bytes: Buffer): boolean {
  return text === bytes.toString('base64') || text === bytes.toString('base64url');
}

function findFault(keys: (Key | undefined)[], fits: (bytes: Buffer) => boolean, wanted: string): string | undefined {
  const known = keys.filter((key) => key !== undefined);
  if (known.length < keys.length) return 'must be written id:base64,id:base64';
  if (!known.every((key) => fits(key.bytes))) return `each key must be ${wanted}`;
  if (new Set(known.map((key) => key.id)).size < known.length) return 'names an id twice';
  if (new Set(known.map((key) => key.bytes.toString('hex'))).size < known.length) return 'holds a key twice';
  return undefined;
}
