import fc from 'fast-check';
import { command, pickAccount } from '../command.ts';

const moves = { step: 30_000, 'two steps': 60_000, freshness: 310_000, 'access token': 610_000 };

const moveClock = (by: keyof typeof moves) =>
  command('moveClock', { by }, async (_model, system) => system.moveClock?.(moves[by]));

/** The locks of codes that have an end have ended. */
const locksEnd = (drawn: { account: number }) =>
  command('locksEnd', drawn, async (model, system, { account: at }) => {
    const account = pickAccount(model, at);
    if (!account) return;
    await system.sql(
      `update otp.lane set locked_until = clock_timestamp() - interval '1 second'
       where user_id = $1 and locked_until <> 'infinity'`,
      [account.id],
    );
    for (const lane of account.lanes.values()) if (lane.lock === 'timed') lane.lock = 'none';
  });

export const clockMoves = [fc.constantFrom(...(Object.keys(moves) as (keyof typeof moves)[])).map(moveClock)];
const ends = fc.record({ account: fc.nat(9) }).map(locksEnd);

export const waits = [ends, ends];
