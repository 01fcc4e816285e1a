import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDatabaseUrl } from './database-url.ts';

test('leaves the URL of one server as it is', () => {
  for (const url of [
    'postgres://u:p%40@db/name?sslmode=verify-full&sslrootcert=/etc/ca.pem',
    'postgresql://[::1]:5433/x',
  ]) {
    assert.deepEqual(parseDatabaseUrl(url), { servers: [url], writable: false, prepare: undefined });
  }
});

test('makes a URL for each of several servers, which then have to be writable', () => {
  const { servers, writable } = parseDatabaseUrl('postgres://u:p,@x@a:5432,[::1]:6000, b/name?sslmode=verify-full');
  assert.equal(writable, true);
  assert.deepEqual(servers, [
    'postgres://u:p,@x@a:5432/name?sslmode=verify-full',
    'postgres://u:p,@x@[::1]:6000/name?sslmode=verify-full',
    'postgres://u:p,@x@b/name?sslmode=verify-full',
  ]);
});

test('keeps its own parameters from pg', () => {
  const url = 'postgres://u@a/x?target_session_attrs=primary&sslrootcert=/a%20b.pem&prepare=false';
  const { servers, ...said } = parseDatabaseUrl(url);
  assert.deepEqual(said, { writable: true, prepare: false });
  assert.equal(new URL(servers[0] ?? '').search, '?sslrootcert=%2Fa+b.pem');
  assert.equal(parseDatabaseUrl('postgres://a/x?prepare=true').prepare, true);
});

test('refuses what it does not understand, without repeating any of it', () => {
  const wrong = {
    'must be a URL': ['mysql://u:sesame@h/db', 'postgres://u:sesame@a:x/db', 'postgres://u:sesame@a,,b/db', 'sesame'],
    prepare: ['postgres://u:sesame@h/db?prepare=sesame'],
    target_session_attrs: [
      'postgres://u:sesame@h/db?target_session_attrs=any',
      'postgres://h/db?target_session_attrs=',
    ],
  };
  for (const [says, urls] of Object.entries(wrong)) {
    for (const url of urls) {
      assert.throws(
        () => parseDatabaseUrl(url),
        ({ message }: Error) => message.startsWith(says) && !message.includes('sesame'),
        url,
      );
    }
  }
});
