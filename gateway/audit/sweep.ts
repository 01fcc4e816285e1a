// Compares every factor with every flag, at start and hourly, and repairs what differs by version: what the projector
// could not know, such as the flags of a restored database. Both services page by id, so that two streams are merged
// and memory stays flat. A newer factor wins, a moment later: somebody may be changing it right now. A flag that is ahead
// of its factor means that otp lost commits, which no version can repair: it is reported, after a second look, since the
// two pages are not of one moment.
import { setTimeout as sleep } from 'node:timers/promises';
import { FlagPage } from '@sallyport/contracts';
import type { ServiceClient } from '@sallyport/http/service-client';
import type { Logger } from '@sallyport/logger';
import { applyFlag, type Flag, getFactor } from './follow-factor.ts';
import { graceMs, type RaiseFence } from './project.ts';
import { systemContext } from './system-context.ts';

type Client = Pick<ServiceClient, 'call'>;
type Flags = AsyncGenerator<Flag, undefined>;

export interface SweepOptions {
  users: Client;
  otp: Client;
  raiseFence: RaiseFence;
  logger: Logger;
  signal: AbortSignal;
}

const pageSize = 1_000;
const nil = '00000000-0000-0000-0000-000000000000';

/** Repairs the flags that are behind; returns how many those were, and how many are ahead. */
export async function sweepFlags(options: SweepOptions): Promise<{ repaired: number; ahead: number }> {
  const { users, otp, raiseFence, logger, signal } = options;
  const found = { repaired: 0, ahead: 0 };
  const behind: Flag[] = [];
  const repair = async () => {
    if (behind.length > 0) await sleep(graceMs, undefined, { signal });
    for (const factor of behind.splice(0)) {
      signal.throwIfAborted();
      await raiseFence(factor.id, { factorVersion: factor.factor_version });
      await applyFlag(users, factor);
      found.repaired += 1;
    }
  };
  for await (const { factor, flag } of pairUp(readFlags(otp), readFlags(users))) {
    signal.throwIfAborted();
    if (factor.factor_version > flag.factor_version) {
      if (behind.push(factor) === pageSize) await repair();
    } else if (isAhead(flag, factor) && isAhead(flag, await getFactor(otp, flag.id))) {
      logger.error({ account: flag.id, flag_version: flag.factor_version }, 'a flag is ahead of its factor');
      found.ahead += 1;
    }
  }
  await repair();
  if (found.repaired > 0) logger.warn({ repaired: found.repaired }, 'flags repaired');
  return found;
}

type State = Pick<Flag, 'active' | 'factor_version'>;

function isAhead(flag: State, factor: State): boolean {
  return (
    flag.factor_version > factor.factor_version ||
    (flag.factor_version === factor.factor_version && flag.active !== factor.active)
  );
}

const afterAllIds = 'z';

/** Merges two streams in the order of ids; who is missing in one of them never had a factor there. */
async function* pairUp(factors: Flags, flags: Flags) {
  const never = (id: string): Flag => ({ id, active: false, factor_version: 0 });
  let factor = await next(factors);
  let flag = await next(flags);
  while (factor || flag) {
    const factorId = factor?.id ?? afterAllIds;
    const flagId = flag?.id ?? afterAllIds;
    const [id = afterAllIds] = [factorId, flagId].sort();
    yield { factor: factor && factorId === id ? factor : never(id), flag: flag && flagId === id ? flag : never(id) };
    if (factorId === id) factor = await next(factors);
    if (flagId === id) flag = await next(flags);
  }
}

async function next(flags: Flags): Promise<Flag | undefined> {
  return (await flags.next()).value;
}

async function* readFlags(client: Client): Flags {
  let after = nil;
  while (true) {
    const path = `/flags?after=${after}&limit=${pageSize}`;
    const { flags } = await client.call('GET', path, { answer: FlagPage, context: systemContext() });
    yield* flags;
    const last = flags.at(-1);
    if (!last || flags.length < pageSize) return undefined;
    after = last.id;
  }
}
