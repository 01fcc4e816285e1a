// What holds after every run, whatever it was: the accounts in the stores are those of the model.
import assert from 'node:assert/strict';
import { until } from '../support/until.ts';
import type { Account, Model } from './model.ts';
import type { System } from './system.ts';

export async function assertInvariants(model: Model, system: System): Promise<void> {
  for (const account of model.accounts) {
    await assertFlagIsFactor(account, system);
    await assertSpentOnce(account, system);
    if (account.unsure) continue;
    await assertSessions(account, system);
    await assertCounts(account, system);
    await assertTold(account, system);
  }
}

/** Promise 6; after a kill it may take a moment. */
async function assertFlagIsFactor(account: Account, system: System): Promise<void> {
  const look = async () => {
    const [row] = await system.sql<{ flag: boolean; factor: boolean }>(
      `select a.otp_enabled as flag, coalesce(f.active, false) as factor
       from users.account a left join otp.factor f on f.user_id = a.id where a.id = $1`,
      [account.id],
    );
    assert.ok(row, 'the account is there');
    return row;
  };
  if (system.kill)
    await until('flag and factor agree', async () => (({ flag, factor }) => flag === factor)(await look()));
  const { flag, factor } = await look();
  assert.equal(flag, factor, 'the flag is the factor');
  if (!account.unsure) assert.equal(factor, account.secret !== undefined, 'the factor is the one of the model');
}

/** Promise 1: no two sessions of one challenge, and the last step only ever rises. */
async function assertSpentOnce(account: Account, system: System): Promise<void> {
  const [row] = await system.sql<{ last_step: number }>('select last_step from otp.factor where user_id = $1', [
    account.id,
  ]);
  const stored = row?.last_step ?? 0;
  if (account.unsure) assert.ok(stored >= account.lastStep, 'the last step never goes back');
  else assert.equal(stored, account.lastStep, 'the last step is the highest that was accepted');
}

/** Promises 2 and 10. */
async function assertSessions(account: Account, system: System): Promise<void> {
  const rows = await system.sql<{ id: string }>(
    `select s.id from gateway.session s join gateway.subject f using (user_id)
     where s.user_id = $1 and s.ended_at is null and not f.locked and s.epoch >= f.epoch
       and s.factor_version >= f.factor_version`,
    [account.id],
  );
  const live = account.sessions.filter((session) => session.live).map(({ id }) => id);
  assert.deepEqual(rows.map(({ id }) => id).sort(), live.sort(), 'live sessions');
  const all = await system.sql('select from gateway.session where user_id = $1', [account.id]);
  assert.equal(all.length, account.sessions.length, 'no session was ever born besides');
}

/** Promise 3. */
async function assertCounts(account: Account, system: System): Promise<void> {
  const rows = await system.sql<{ lane: string; wrong: number; lock: string }>(
    `select lane, attempts - accepted_at as wrong, case when locked_until = 'infinity' then 'endless'
       when locked_until > clock_timestamp() then 'timed' else 'none' end as lock
     from otp.lane where user_id = $1`,
    [account.id],
  );
  for (const { lane, ...stored } of rows) {
    const { wrong, lock } = account.lanes.get(lane) ?? { wrong: 0, lock: 'none' };
    // The time of a lock may have passed while the run went on.
    assert.deepEqual(
      stored,
      { wrong, lock: stored.lock === 'none' && lock === 'timed' ? 'none' : lock },
      `lane ${lane}`,
    );
  }
  const [left] = await system.sql<{ left: number }>(
    `select count(*) as left from otp.recovery_set s join otp.recovery_code c using (set_id)
     where s.user_id = $1 and c.used_at is null`,
    [account.id],
  );
  const unused = account.recoveryCodes.filter((code) => code.state === 'unused').length;
  assert.equal(left?.left, unused, 'recovery codes left');
}

/** Promise 4: otp's events of the account are those that the model knows. */
async function assertTold(account: Account, system: System): Promise<void> {
  const [row] = await system.sql<Account['told']>(
    `select count(*) filter (where type = 'otp.verified') as verified,
       count(*) filter (where type = 'recovery_code.used') as recovered,
       count(*) filter (where type in ('otp.failed', 'otp.replayed')) as refused,
       count(*) filter (where type = 'otp.locked') as locked
     from (select replace(body::json ->> 'type', 'sallyport.', '') as type from otp.outbox
       where body::json ->> 'subject' = $1::text) as event`,
    [account.id],
  );
  const { locked, ...told } = account.told;
  assert.ok(row);
  const { locked: storedLocked, ...stored } = row;
  assert.deepEqual(stored, told, 'events of codes');
  if (!Number.isNaN(locked)) assert.equal(storedLocked, locked, 'events of locks');
}
