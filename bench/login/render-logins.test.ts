import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerSummary } from '../report/summaries.ts';
import { renderPeers } from './render-logins.ts';

const rates = { concurrency: 8, calls: {}, refused: 0, failed: 0, firstFailure: undefined, othersShare: 0, cpuMs: 60 };
const logins = [
  {
    ...rates,
    perSecond: 30,
    rawPerSecond: 40,
    ratio: 0.75,
    adjustedRatio: 0.75,
    ratioLowest: 0.75,
    ratioHighest: 0.75,
    rawCpuMs: 50,
    cpuMs: undefined,
  },
];

function renderOne(peer: Pick<PeerSummary, 'peer' | 'ownHash'>): string[] {
  const peers = [{ ...rates, ...peer, perSecond: 20, rawPerSecond: 40 }];
  const figures = { cost: 10, stores: [], logins, peers, missingPeers: {}, idle: undefined };
  return renderPeers(figures)[0]?.split('\n').at(-1)?.split(/ {2,}/) ?? [];
}

test('holds a peer with bcrypt against raw bcrypt and against Sallyport', () => {
  const row = renderOne({ peer: 'one', ownHash: undefined });
  assert.equal(row[0], 'one, 8 at once');
  assert.deepEqual([row[2], row.at(-1)], ['0.50', '1.50']);
});

test('names another hash, and holds a peer that has one against nothing', () => {
  const row = renderOne({ peer: 'two', ownHash: 'PBKDF2' });
  assert.equal(row[0], 'two (PBKDF2), 8 at once');
  assert.deepEqual([row[2], row.at(-1)], ['-', '-']);
});
