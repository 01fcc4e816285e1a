import type { Guard } from './guard.ts';

const outbox = 'gateway/audit/store/outbox.ts';
const folds = 'gateway/audit/store/folds.ts';
const foldsTest = 'gateway/audit/store/folds.test.ts';
const refusals = 'test/audit-folding.test.ts';
const migration = 'gateway/migrations/0002_audit.sql';

/** No change without a record (promise 4). */
export const audit: Guard[] = [
  {
    name: 'the head of the log moves by compare-and-set',
    file: 'gateway/audit/store/log.ts',
    find: 'where sequence = $1 and hash = $2',
    replace: 'where $1::bigint is not null and $2::text is not null',
    test: {
      file: 'gateway/audit/sequence.test.ts',
      name: 'a sequencer that was stopped between reading and writing changes nothing',
    },
  },
  {
    name: 'a row of the log is never changed',
    file: migration,
    find: 'create trigger audit_log_append_only before update or delete on gateway.audit_log\n  for each row execute function gateway.refuse_change();',
    replace: '',
    test: { file: 'gateway/audit/sequence.test.ts', name: 'the log is append-only' },
  },
  {
    name: 'a partition of the log is never emptied',
    file: migration,
    find: "execute format('create trigger audit_log_no_truncate before truncate on gateway.%I\n      for each statement execute function gateway.refuse_change()', name);",
    replace: '',
    test: { file: 'gateway/audit/sequence.test.ts', name: 'the log is append-only' },
  },
  {
    name: 'the cursor of the relay moves by compare-and-set',
    file: 'gateway/audit/store/cursor.ts',
    find: 'where name = $1 and sequence = $2 returning',
    replace: 'where name = $1 and $2::bigint is not null returning',
    test: {
      file: 'gateway/audit/relay.test.ts',
      name: 'a relay whose cursor was moved by another one starts again from where it stands',
    },
  },
  {
    name: 'an event that was returned is not published',
    file: 'gateway/audit/broker.ts',
    find: "channel.on('return', (message) => onFault(new Error(`event ${message.properties.messageId} was not routed`)));",
    replace: '',
    test: {
      file: 'gateway/audit/relay.test.ts',
      name: 'an event that the broker returns holds the cursor until it can be routed',
    },
  },
  {
    name: 'an event that was seen is not taken over again',
    file: outbox,
    find: "where source = 'gateway' or fresh.event_id is not null",
    replace: 'where true',
    test: {
      file: 'gateway/audit/store/outbox.test.ts',
      name: 'an event that was logged and forgotten by the outbox is not taken over again',
    },
  },
  {
    name: 'an event that was altered goes to quarantine',
    file: 'gateway/audit/collect.ts',
    find: 'known.length === 0 ? []',
    replace: 'known.length >= 0 ? []',
    test: {
      file: 'gateway/audit/collect.test.ts',
      name: 'one id with other bytes is quarantined; what came first stays',
    },
  },
  {
    name: 'personal data is bound by its hash',
    file: 'packages/audit/record/create-event.ts',
    find: 'personal_hash: hashPersonal(personal),',
    replace: 'personal_hash: hashPersonal({ salt: personal.salt }),',
    test: {
      file: 'packages/audit/record/create-event.test.ts',
      name: 'binds personal data by a salted hash of its canonical form',
    },
  },
  {
    name: 'what comes from outside is recorded cleaned',
    file: 'packages/audit/record/create-event.ts',
    find: "plain.replace(/[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]/gu, ' ')",
    replace: 'plain',
    test: { file: 'packages/audit/record/create-event.test.ts', name: 'cleans and cuts whatever comes from outside' },
  },
  {
    name: 'a part records its own types of event alone',
    file: 'gateway/audit/judge-event.ts',
    find: "if (!recordedBy.some((part) => part === row.source)) return { ok: false, fault: 'foreign-type' };",
    replace: '',
    test: {
      file: 'gateway/audit/number-page.test.ts',
      name: 'refuses what its source may not record, and numbers the rest without a gap',
    },
  },
  {
    name: 'a lease has one holder',
    file: 'gateway/audit/store/lease.ts',
    find: 'where l.holder = excluded.holder or l.until < clock_timestamp()',
    replace: 'where true',
    test: {
      file: 'gateway/audit/lease.test.ts',
      name: 'one holds a lease; another takes it over when it ran out or was given back',
    },
  },
  {
    name: 'a minute of failures is closed as it was read',
    file: folds,
    find: 'and f.seen = g.seen',
    replace: '',
    test: {
      file: foldsTest,
      name: 'a gateway that was stopped between reading a minute and closing it changes nothing',
    },
  },
  {
    name: 'the event of a flood counts what has none of its own',
    file: folds,
    find: 'foldEvent(body, seen - mostAlike)',
    replace: 'foldEvent(body, 1)',
    test: { file: foldsTest, name: 'of two gateways that record and close at once neither loses nor doubles one' },
  },
  {
    name: 'what changes state is not folded',
    file: 'packages/audit/record/fold.ts',
    find: 'if (!foldable.includes(type)) return undefined;',
    replace: '',
    test: { file: foldsTest, name: 'what changes state is never folded' },
  },
  {
    name: 'a caller goes on when its failure is written',
    file: 'gateway/store/changes.ts',
    find: 'if (failures) await recordFailure(failures);',
    replace: 'if (failures) void recordFailure(failures);',
    test: {
      file: foldsTest,
      name: 'many failures at once are written by few statements; each is there when its caller goes on',
    },
  },
  {
    name: 'a refusal by a limit is recorded',
    file: 'gateway/domain/note-blocked.ts',
    find: 'await noteBlocked(context, asker, reasons[limit], account);',
    replace: '',
    test: { file: refusals, name: 'what a limit refuses leaves login.blocked with its reason' },
  },
  {
    name: 'a refusal of a blocked address is recorded',
    file: 'gateway/edge/refuse-blocked.ts',
    find: "if (credential) await noteBlocked(context, asker, 'address-blocked');",
    replace: '',
    test: { file: refusals, name: 'a blocked address leaves login.blocked where it brings a credential' },
  },
  {
    name: 'a refusal of a code while codes are locked is recorded',
    file: 'gateway/domain/prove-code.ts',
    find: "if (answer.outcome === 'locked') log.add(loginBlocked({ id: what.userId }, 'codes-locked'));",
    replace: '',
    test: { file: refusals, name: 'a code that comes while codes are locked leaves login.blocked' },
  },
  {
    name: 'a signup records its event with its statement',
    file: 'services/users/store/insert-account.ts',
    find: 'select $6::uuid, $7::text from created)',
    replace: 'select $6::uuid, $7::text from created where false)',
    test: {
      file: 'services/users/test/routes.test.ts',
      name: 'a signup stores the account and its event together, and answers both',
    },
  },
  {
    name: 'a session records its event with its statement',
    file: 'gateway/store/insert-session.ts',
    find: "recording.expressions(23, 'exists (select from issued)')",
    replace: "recording.expressions(23, 'not exists (select from issued)')",
    test: { file: 'test/audit-events.test.ts', name: 'one person through everything: each step leaves its events' },
  },
  {
    name: 'an older event leaves a change that is under way its moment',
    file: 'gateway/audit/project.ts',
    find: 'if (!late && (await isBehind(db, subject, known))) return false;',
    replace: '',
    test: { file: 'gateway/audit/project.test.ts', name: 'what is ahead of its fence is asked again a moment later' },
  },
  {
    name: 'the sweep leaves a change that is under way its moment',
    file: 'gateway/audit/sweep.ts',
    find: 'if (behind.length > 0) await sleep(graceMs, undefined, { signal });',
    replace: '',
    test: { file: 'gateway/audit/project.test.ts', name: 'the sweep leaves whoever is changing an account a moment' },
  },
  {
    name: 'what the owner of the log may not do is revoked',
    file: 'gateway/migrations/0006_audit_log.sql',
    find: "execute format('revoke update, delete, truncate on %s from current_user', each);",
    replace: 'null;',
    test: { file: 'gateway/audit/grants.test.ts', name: 'the owner of the log, no superuser, may write it' },
  },
  {
    name: 'the log itself holds no personal data',
    file: 'gateway/audit/finish-event.ts',
    find: 'data: { ...event.data, personal: null },',
    replace: '',
    test: { file: 'gateway/audit/erasures.test.ts', name: 'an account is taken out of what was before' },
  },
  {
    name: 'an erasure takes out what the account did as well',
    file: 'gateway/audit/store/erasures.ts',
    find: '(subject = $1 or actor = $1)',
    replace: 'subject = $1',
    test: { file: 'gateway/audit/erasures.test.ts', name: 'an account is taken out of what was before' },
  },
  {
    name: 'an erasure reaches no further than its event',
    file: 'gateway/audit/store/erasures.ts',
    find: 'and sequence <= $2 order by',
    replace: 'and $2::bigint is not null order by',
    test: { file: 'gateway/audit/erasures.test.ts', name: 'an account is taken out of what was before' },
  },
  {
    name: 'nothing is dropped before a checkpoint has said so',
    file: 'gateway/migrations/0006_audit_log.sql',
    find: 'where p.upper <= h.first_told',
    replace: 'where p.upper <= h.first',
    test: { file: 'gateway/audit/erasures.test.ts', name: 'a month gets a partition of its own' },
  },
  {
    name: 'nothing is dropped that a consumer is not done with',
    file: 'gateway/audit/store/retention.ts',
    find: 'and p.upper - 1 <= all (select sequence from gateway.cursor where name = any ($2))',
    replace: 'and $2::text[] is not null',
    test: { file: 'gateway/audit/erasures.test.ts', name: 'a month gets a partition of its own' },
  },
  {
    name: 'an event is covered by a checkpoint within ten seconds',
    file: 'gateway/audit/sequence.ts',
    find: 'if (uncoveredSeconds !== null && uncoveredSeconds >= checkpointSeconds) return true;',
    replace: '',
    test: { file: 'gateway/audit/checkpoints.test.ts', name: 'what stands for 10 s is covered, once' },
  },
  {
    name: 'a checkpoint covers what was numbered before its page',
    file: 'gateway/audit/sequence.ts',
    find: 'createCheckpoint(head, page.tail, [...earlier, ...page.events], options)',
    replace: 'createCheckpoint(head, page.tail, [...earlier.slice(0, 0), ...page.events], options)',
    test: { file: 'gateway/audit/checkpoints.test.ts', name: 'a checkpoint after at most 1,500 events covers' },
  },
  {
    name: 'an event commands no terminal',
    file: 'supervisor/render-event.ts',
    find: ".replace(/[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]/gu, ' ')",
    replace: '',
    test: { file: 'supervisor/render-event.test.ts', name: 'nothing that an event holds commands the terminal' },
  },
  {
    name: 'who looks on is told of an altered event',
    file: 'supervisor/chain-watch.ts',
    find: 'hashEvent(event) !== event.hash',
    replace: 'false',
    test: { file: 'supervisor/chain-watch.test.ts', name: 'what is altered is told' },
  },
];
