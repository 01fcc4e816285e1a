import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { migrate, openDb } from '@sallyport/postgres';
import { createTestDatabase, databaseMissing } from '../../test/support/database.ts';
import { createRecording } from '../audit/store/outbox.ts';
import { gatewayMigrations } from '../migrations.ts';
import { insertSession, type NewSession } from './sessions.ts';

const key = () => ({ keyId: 't1', secret: randomBytes(32), hash: randomBytes(32) });

function createSession(userId: string, challengeHash: string | null): NewSession {
  const deviceId = randomUUID();
  return {
    id: randomUUID(),
    userId,
    username: 'ada@example.com',
    accountCreatedAt: new Date(),
    roles: [],
    epoch: 1,
    factorVersion: 0,
    amr: ['pwd'],
    authTime: 0,
    refresh: { number: 0, ...key() },
    deviceId,
    device: { id: deviceId, ...key() },
    challengeHash,
    ip: null,
    userAgent: null,
    absoluteSeconds: 60,
  };
}

test('a challenge makes one session, also out of ten at once (promise 2)', { skip: databaseMissing }, async () => {
  await using database = await createTestDatabase();
  await using opened = new AsyncDisposableStack();
  const db = opened.adopt(openDb({ url: database.url, name: 'sessions test' }), (it) => it.close());
  await migrate(db, gatewayMigrations);
  const userId = randomUUID();
  const nothing = createRecording({ collected: [], own: [] });
  const insert = (challengeHash: string | null) => insertSession(db, createSession(userId, challengeHash), nothing);
  assert.ok(await insert(null));
  const hash = randomBytes(32).toString('hex');
  const inserted = await Promise.all(Array.from({ length: 10 }, () => insert(hash)));
  assert.equal(inserted.filter((one) => one !== undefined).length, 1);
  assert.ok(await insert(randomBytes(32).toString('hex')));
});
