/*
 * People that are all worked out of the keys of an installation and their number: who holds the keys can log in as any of
 * them, and nobody else can. Ids and secrets are spread like random ones, and all have one password, since a pepper hashes
 * a password alike for all.
 */
import { createHmac } from 'node:crypto';
import { type KeyRing, keyRing } from '@sallyport/config';
import type { Keys } from '../../supervisor/generate-keys.ts';

export type SeedKeys = Pick<Keys, 'PASSWORD_PEPPERS' | 'OTP_ENCRYPTION_KEYS'>;

export interface Person {
  id: string;
  username: string;
  roles: string[];
  hasFactor: boolean;
  isLocked: boolean;
  secret: Buffer;
  enrolmentId: string;
  setId: string;
  deviceId: string;
}

export interface People {
  peppers: KeyRing;
  ring: KeyRing;
  password: string;
  /** @param number from 0 on; always the same person */
  get(number: number): Person;
}

/** Those who come first see the log and accounts, and all of them have a factor. */
export const seedAdmins = 20;

export function createPeople(keys: SeedKeys): People {
  const peppers = keyRing((bytes) => bytes.length >= 32, 'at least 32 bytes').parse(keys.PASSWORD_PEPPERS);
  const ring = keyRing((bytes) => bytes.length === 32, '32 bytes').parse(keys.OTP_ENCRYPTION_KEYS);
  const derive = (what: string) =>
    createHmac('sha512', ring.current.bytes).update(`sallyport/seed/1\0${what}`).digest();
  return {
    peppers,
    ring,
    password: derive('password').toString('base64url').slice(0, 24),
    get(number) {
      const bytes = derive(String(number));
      const more = derive(`${number} and more`);
      const isAdmin = number < seedAdmins;
      return {
        id: uuidOf(bytes.subarray(0, 16)),
        username: `person-${String(number).padStart(8, '0')}@example.com`,
        roles: isAdmin ? ['admin', 'audit'] : number % 20 === 0 ? ['editor'] : [],
        hasFactor: isAdmin || number % 10 !== 9,
        isLocked: number % 1_000 === 999,
        secret: bytes.subarray(16, 36),
        enrolmentId: uuidOf(bytes.subarray(36, 52)),
        setId: uuidOf(more.subarray(0, 16)),
        deviceId: uuidOf(more.subarray(16, 32)),
      };
    },
  };
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
