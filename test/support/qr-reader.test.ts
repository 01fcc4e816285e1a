import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readQr, readQrWithJsqr, readQrWithZbar } from './qr-reader.ts';
import { findProgram } from './servers/find-servers.ts';

const text = 'otpauth://totp/Sallyport:anna?secret=GEZDGNBVGY3TQOJQ&issuer=Sallyport';
const picture = Buffer.from(
  [
    'iVBORw0KGgoAAAANSUhEUgAAAHsAAAB7AQAAAAB8vMLSAAABZUlEQVR42t3VMW7FIAwG4D9iyPZyASSuwcaVkgtAc4HHldi4BhIX',
    'CBsDiuuor606xR1bFKHoW4Jt7IB+roK/DAcQsqJMMWGSQaOxZTqd5r0JIelA2EjFzLsU1lkd0NNvwLvxmGuUA43Vmjd7xddkwPnY',
    'sr6e7wTdAK8TNfayfZfhBjgs2Hrwi61RBi2rPeuQx8OVSQbU9ZJLSGMjLELI/DVDHZilcDjtZ7XTeHAWhQB1uOFnTKlsMiAaISEk',
    'an0sMmjZtMQhwtsSZHDVtnPW+R4ZkkEjdTpwfDHTLgPqnO+xoqx4Hf0WTtCe1RNc2BGE4Lg+quXhnYoyaN1QLt7Vr6PfQxqhG76n',
    '52yiFMzT0tOVhfQkhbKl66SA2WXAq5H24Oujmgyu2hIXynAiowzalWxM3HmkFyEkHh5q5/GGz3yIAB71sKrJgfiYZZ0rCeGahdyp',
    'WNKrPW7hoxt46sDVKIP/83t9B88DTefXtE3gAAAAAElFTkSuQmCC',
  ].join(''),
  'base64',
);

test('reads a QR code', async () => {
  assert.equal(await readQr(picture), text);
});

test('reads a QR code without zbar', async () => {
  assert.equal(await readQrWithJsqr(picture), text);
});

test('reads a QR code with zbar', { skip: findProgram('zbarimg') ? false : 'zbarimg is not installed' }, async () => {
  assert.equal(await readQrWithZbar(picture), text);
});

test('refuses what is no picture', async () => {
  await assert.rejects(readQr(Buffer.from('no picture')));
});
