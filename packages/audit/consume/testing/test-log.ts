import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { canonical, sha256Hex } from '../../chain/canonical.ts';
import { signCheckpoint } from '../../chain/checkpoint.ts';
import { hashEvent, hashPersonal, noHash } from '../../chain/hash-event.ts';
import type { AuditEvent } from '../../event/audit-event.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');

/** The keys of the checkpoints of every test log. */
export const testKeys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] };

export interface TestLog {
  /** All that the log has so far; the first event has the number 1. */
  events: AuditEvent[];
  /** Adds events and returns them. */
  add(...types: string[]): AuditEvent[];
  addCheckpoint(): AuditEvent;
}

/** A log like the gateway's: numbered, chained and signed. */
export function createTestLog(): TestLog {
  const events: AuditEvent[] = [];
  let from = 1;

  function append(type: string, data: object): AuditEvent {
    const event = {
      specversion: '1.0',
      id: randomUUID(),
      source: 'https://login.example/gateway',
      type,
      subject: randomUUID(),
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      dataschema: 'urn:sallyport:schema:audit-event:1',
      sequence: String(events.length + 1),
      prevhash: events.at(-1)?.hash ?? noHash,
      data,
    };
    const finished = { ...event, hash: hashEvent(event) } as AuditEvent;
    events.push(finished);
    return finished;
  }

  return {
    events,
    add: (...types) => types.map((type) => append(type, dataOf(type))),
    addCheckpoint() {
      const covered = events.slice(from - 1);
      const types: Record<string, { count: number; digest: string }> = {};
      for (const type of new Set(covered.map((event) => event.type))) {
        const hashes = covered.filter((event) => event.type === type).map(({ hash }) => hash);
        types[type] = { count: hashes.length, digest: sha256Hex(hashes.join('')) };
      }
      const unsigned = {
        ...common,
        outcome: 'success' as const,
        log_id: '7b2f4c1e-3d77-4b0a-9a55-0f6f0f1f2a3b',
        from: String(from),
        to: String(events.length),
        head: events.at(-1)?.hash ?? noHash,
        time: new Date().toISOString(),
        types,
        first: '1',
        first_prevhash: noHash,
        kid: 'k1',
        personal_hash: null,
        personal: null,
      };
      from = events.length + 1;
      const signature = signCheckpoint(unsigned, privateKey);
      return append('sallyport.audit.checkpoint', { ...unsigned, signature });
    },
  };
}

/** The text of an event as the broker carries it. */
export const textOf = (event: object) => canonical(event);

const common = {
  reason: null,
  actor: null,
  target: null,
  client: null,
  session_id: null,
  request_id: null,
  amr: null,
  count: 1,
};

function dataOf(type: string) {
  const personal = { salt: randomBytes(32).toString('hex'), ip: '192.0.2.7', user_agent: 'test', username: 'ada' };
  const outcome = /failed|replayed|locked/.test(type) ? 'failure' : 'success';
  return { ...common, outcome, personal_hash: hashPersonal(personal), personal };
}
