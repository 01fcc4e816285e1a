import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonical, hashEvent, hashPersonal, noHash } from '@sallyport/audit/log';
import { createChainWatch } from './chain-watch.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests change what they like
type Event = any;

function createLog(length: number): Event[] {
  const log: Event[] = [];
  for (let number = 1; number <= length; number += 1) {
    const personal = { salt: '0'.repeat(64), ip: '203.0.113.9', user_agent: null, username: `person ${number}` };
    const event = {
      specversion: '1.0',
      id: `6f1c1f0a-0000-4000-8000-${String(number).padStart(12, '0')}`,
      source: 'https://login.example.com/gateway',
      type: 'sallyport.login.failed',
      time: '2026-01-31T20:05:09.123Z',
      datacontenttype: 'application/json',
      dataschema: 'urn:sallyport:schema:audit-event:1',
      sequence: String(number),
      prevhash: log.at(-1)?.hash ?? noHash,
      data: {
        outcome: 'failure',
        reason: 'unknown-account',
        actor: null,
        target: null,
        client: null,
        session_id: null,
        request_id: null,
        amr: null,
        count: 1,
        personal_hash: hashPersonal(personal),
        personal,
      },
    };
    log.push({ ...event, hash: hashEvent(event) });
  }
  return log;
}

function faultsOf(log: Event[], leavesOut = false): string[] {
  const watch = createChainWatch({ leavesOut });
  return log.flatMap((event) => watch(typeof event === 'string' ? event : canonical(event)).faults);
}

const altered = (event: Event, change: object) => ({ ...event, data: { ...event.data, ...change } });

test('a whole log has no fault, wherever one begins, nor has one of which people were erased', () => {
  const log = createLog(4);
  assert.deepEqual(faultsOf(log), []);
  assert.deepEqual(faultsOf(log.slice(2)), []);
  assert.deepEqual(faultsOf(log.map((event) => altered(event, { personal: null }))), []);
});

test('what is altered is told, and what follows it is looked at', () => {
  const [first, second, third] = createLog(3);
  const says = "Event 2 isn't what its hash says: it was altered.";
  assert.deepEqual(faultsOf([first, altered(second, { reason: 'wrong-password' }), third]), [says]);
  const personal = { ...second.data.personal, ip: '203.0.113.10' };
  assert.deepEqual(faultsOf([first, altered(second, { personal }), third]), [
    "The personal data of event 2 isn't what its hash says: it was altered.",
  ]);
  assert.deepEqual(faultsOf([first, JSON.stringify(second, null, 1), third]), ["Event 2 isn't in its canonical form."]);
  const lone = altered(second, { reason: '\ud800' });
  assert.equal(faultsOf([first, JSON.stringify(lone), third]).length, 1);
});

test('a hash made anew shows in the next event', () => {
  const [first, second, third] = createLog(3);
  const changed = altered(second, { reason: 'wrong-password' });
  assert.deepEqual(faultsOf([first, { ...changed, hash: hashEvent(changed) }, third]), [
    "Event 3 doesn't follow event 2: one was changed.",
  ]);
  const early = { ...first, prevhash: second.hash };
  assert.deepEqual(faultsOf([{ ...early, hash: hashEvent(early) }]), ['Event 1 follows another one.']);
});

test('a gap is a fault unless events are left out; going back is always one', () => {
  const [first, second, third] = createLog(3);
  assert.deepEqual(faultsOf([first, third]), ['Between events 1 and 3 something is missing.']);
  assert.deepEqual(faultsOf([first, third], true), []);
  for (const leavesOut of [true, false]) {
    assert.deepEqual(faultsOf([second, second], leavesOut), ['Event 2 comes after event 2.']);
  }
});

test('what is no event is told by its place, and given back as none', () => {
  const [first, second] = createLog(2);
  for (const text of ['', '{}', 'null', '\u001b[2J', canonical({ ...second, sequence: 2 })]) {
    assert.deepEqual(faultsOf([text]), ['What comes first is no audit event.']);
    assert.deepEqual(faultsOf([first, text, second]), ['What comes after event 1 is no audit event.']);
    assert.equal(createChainWatch({ leavesOut: false })(text).event, undefined);
  }
});
