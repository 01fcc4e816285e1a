// What users does on cores of its own, with stores and other parts elsewhere: what they take is waiting, not CPU.
import { queueLimits } from '../../services/users/hashing/password-hasher.ts';
import { leastHashMsOf } from './calibrate.ts';
import { type SimulatedOutcome, simulateOften } from './compare.ts';
import type { LoginCosts } from './simulate-logins.ts';

export interface Extrapolated extends SimulatedOutcome {
  cores: number;
  cost: number;
  /** Of what the cores can hash, as many at once as may be. */
  load: number;
}

const loads = [0.5, 0.8, 0.95];
const simulatedLogins = 12_000;
const seeds = 3;

export function extrapolate(
  costs: LoginCosts,
  { from, to, cores }: { from: number; to: readonly number[]; cores: readonly number[] },
): Extrapolated[] {
  return to.flatMap((cost) =>
    cores.flatMap((count) =>
      loads.map((load) => {
        const hashMs = costs.hashMs * 2 ** (cost - from);
        const perSecond = (load * count * 1_000) / leastHashMsOf({ ...costs, hashMs });
        const outcome = simulateOften(
          {
            costs: elsewhere({ ...costs, hashMs }),
            cores: count,
            workers: count,
            limits: queueLimits,
            arrivals: { perSecond },
            warmUpMs: 20 * hashMs,
            measuredMs: (simulatedLogins / perSecond) * 1_000,
          },
          seeds,
        );
        return { ...outcome, cores: count, cost, load };
      }),
    ),
  );
}

function elsewhere(costs: LoginCosts): LoginCosts {
  return {
    hashMs: costs.hashMs,
    together: costs.together,
    stepOneCpuMs: 0,
    stepTwoCpuMs: 0,
    clientCpuMs: 0,
    stepOneWaitMs: costs.stepOneWaitMs + costs.stepOneCpuMs,
    stepTwoWaitMs: costs.stepTwoWaitMs + costs.stepTwoCpuMs,
  };
}
