import { hash } from 'node:crypto';

/** Handles (256 random bits) are stored and compared as SHA-256 alone. */
export function hashHandle(handle: string): string {
  return hash('sha256', handle);
}
