import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { Key } from '@sallyport/config';
import { deriveKey } from './derive-key.ts';

/*
 * The token of a known device: `<device id>.<value>`, value = HMAC-SHA256(HKDF(signing key, "sallyport/device/1"),
 * device secret || device id). As with refresh tokens, the row holds the secret and the SHA-256 of the value: neither the
 * table nor the key alone makes one, and every answer with tokens can give it again.
 */

export interface DeviceToken {
  deviceId: string;
  value: Buffer;
}

const form = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/;

export function parseDeviceToken(text: string): DeviceToken | undefined {
  const [, deviceId, value] = form.exec(text) ?? [];
  return deviceId && value ? { deviceId, value: Buffer.from(value, 'base64url') } : undefined;
}

export function formatDeviceToken({ deviceId, value }: DeviceToken): string {
  return `${deviceId}.${value.toString('base64url')}`;
}

export function makeDeviceValue(key: Key, secret: Buffer, deviceId: string): Buffer {
  return createHmac('sha256', deriveKey(key, 'sallyport/device/1')).update(secret).update(deviceId).digest();
}

export function hashDeviceValue(value: Buffer): Buffer {
  return hash('sha256', value, 'buffer');
}

export function fitsDevice(token: DeviceToken, hash: Buffer): boolean {
  return timingSafeEqual(hashDeviceValue(token.value), hash);
}
