import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { readOtpauthUri } from '../../../test/support/authenticator.ts';
import { otpauthUri } from './otpauth-uri.ts';
import { qrPng } from './qr-image.ts';

test('says all that an app needs, whatever the name holds', () => {
  const uri = otpauthUri(Buffer.alloc(20), 'Acme & Söhne', 'a:b/c?d=e&f#g@пример');
  const read = readOtpauthUri(uri);
  assert.equal(read.label, 'Acme & Söhne:a:b/c?d=e&f#g@пример');
  assert.equal(read.issuer, 'Acme & Söhne');
  assert.equal(read.secret, 'A'.repeat(32));
  assert.match(uri, /&algorithm=SHA1&digits=6&period=30$/);
});

test('fits into a QR code with the longest name of the widest characters', async () => {
  const uri = otpauthUri(randomBytes(20), '界'.repeat(64), '😀'.repeat(254));
  assert.ok((await qrPng(uri)).length > 0);
});
