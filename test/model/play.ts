import fc from 'fast-check';
import type { Command } from './command.ts';
import { accountChanges } from './commands/account.ts';
import { enable, factorChanges, setUp } from './commands/factor.ts';
import { logins } from './commands/log-in.ts';
import { sessionUses } from './commands/session.ts';
import { signUp, signUps } from './commands/sign-up.ts';
import { waits } from './commands/time.ts';
import { assertInvariants } from './invariants.ts';
import type { Model } from './model.ts';
import type { System } from './system.ts';

/** Half of the runs begin with a factor: most of what matters happens behind one. */
const enrolment = [signUp(), setUp({ account: 0, session: 0 }), enable({ account: 0, session: 0, code: 'right' })];

const everywhere = [...signUps, ...logins, ...factorChanges, ...accountChanges, ...sessionUses, ...waits];

/**
 * Plays random commands and holds each answer and what is left to the model. A failure names its seed and path, for
 * FC_SEED and FC_PATH (and a replayPath for FC_REPLAY), and the shortest commands that were found to show it.
 * @returns how many were played in the time there was
 */
export async function play(
  system: System,
  options: { runs: number; minutes: number; more: fc.Arbitrary<Command>[]; length?: number },
): Promise<number> {
  const { FC_SEED, FC_RUNS, FC_PATH, FC_REPLAY } = process.env;
  const commands = fc.commands([...everywhere, ...options.more], {
    maxCommands: options.length ?? 40,
    size: 'max',
    ...(FC_REPLAY === undefined ? {} : { replayPath: FC_REPLAY }),
  });
  let played = 0;
  await fc.assert(
    fc.asyncProperty(fc.boolean(), commands, async (enrolled, list) => {
      const model: Model = { accounts: [] };
      played += 1;
      await fc.asyncModelRun(() => ({ model, real: system }), [...(enrolled ? enrolment : [signUp()]), ...list]);
      await assertInvariants(model, system);
    }),
    {
      interruptAfterTimeLimit: options.minutes * 60_000,
      numRuns: FC_RUNS === undefined ? options.runs : Number(FC_RUNS),
      ...(FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }),
      ...(FC_PATH === undefined ? {} : { path: FC_PATH }),
    },
  );
  return played;
}
