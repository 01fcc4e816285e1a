import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProduct } from '../../test/support/running-product.ts';
import { startHelper } from '../helper-process.ts';
import type { LoadGeneratorHandlers } from '../load/messages.ts';
import { formatFigure, renderTable } from '../report/table.ts';
import { NotMeasured, type Scenario } from '../scenario.ts';
import { hasCpuTimes } from '../system/process-cpu.ts';
import { residentMb } from '../system/resident-memory.ts';

const root = join(import.meta.dirname, '..', '..');
const parts = ['users', 'otp', 'gateway'] as const;
const idleMs = 10_000;
const restMs = 30_000;
const logins = 100;
const accounts = 25;
const windowSteps = 3;

type Resident = Record<(typeof parts)[number], number>;

interface MemoryFigures {
  idle: Resident;
  afterLogins: Resident;
}

export const memory: Scenario<MemoryFigures> = {
  name: 'memory',
  help: `resident memory of each part as npm start runs it, idle and ${restMs / 1_000} s after ${logins} logins`,
  bar: parts.map((part) => ({
    key: `memory-${part}`,
    what: `resident memory of ${part}, idle`,
    unit: 'MB',
    limit: 120,
    sense: 'at most',
    of: 'figure',
  })),
  async run(bench, _options, tell) {
    if (!hasCpuTimes) throw new NotMeasured('no /proc here');
    const { signal } = bench;
    const env = {
      DATA_DIR: join(bench.folder, 'memory'),
      OTP_WINDOW: String(windowSteps),
      BCRYPT_COST: '10',
      SIGNUPS_PER_ADDRESS: '0',
    };
    tell('the first start, which compiles and keeps what later ones load');
    await (await startProduct(root, env))[Symbol.asyncDispose]();
    await using product = await startProduct(root, env);
    const read = () => Object.fromEntries(parts.map((part) => [part, residentMb(product.find(part))])) as Resident;
    await sleep(idleMs, undefined, { signal });
    const idle = read();
    tell(`idle: ${describe(idle)}`);
    const script = new URL('../load/load-generator.ts', import.meta.url);
    const load = startHelper<LoadGeneratorHandlers>(script, { signal });
    try {
      const target = 'sallyport';
      await load.ask('prepare', { target, url: product.url, accounts, windowSteps, concurrency: 4 });
      const groups = [{ scenario: 'login', concurrency: 4 }];
      const round = { target, groups, rampMs: 0, windowMs: 120_000, mostRuns: logins };
      const { completed, firstFailure } = await load.ask('round', round);
      if (completed < logins) throw new Error(`${completed} logins, not ${logins}; ${firstFailure ?? 'no failure'}`);
    } finally {
      await load.close();
    }
    tell(`resting ${restMs / 1_000} s after ${logins} logins`);
    await sleep(restMs, undefined, { signal });
    const afterLogins = read();
    tell(`then: ${describe(afterLogins)}`);
    return { idle, afterLogins };
  },
  render: ({ idle, afterLogins }) => ({
    details: [
      renderTable(
        ['resident memory in MB', 'idle', 'after logins'],
        parts.map((part) => [part, formatFigure(idle[part]), formatFigure(afterLogins[part])]),
      ),
    ],
    figures: parts.map((part) => ({ key: `memory-${part}`, figure: Math.max(idle[part], afterLogins[part]) })),
  }),
};

function describe(resident: Resident): string {
  return parts.map((part) => `${part} ${formatFigure(resident[part])} MB`).join(', ');
}
