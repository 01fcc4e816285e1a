import { parseArgs } from 'node:util';

export const scenarioNames = ['login', 'refresh', 'verify', 'audit'] as const;
type ScenarioName = (typeof scenarioNames)[number];

export interface BenchOptions {
  scenarios: ScenarioName[];
  cost: number;
  /** The measured part of a round. */
  seconds: number;
  rounds: number;
  /** Clients at once, one measurement for each. */
  concurrency: number[];
  /** Keep the limits per address counting, far too high to be met; else they are off. */
  limits: boolean;
  json: boolean;
  /** Where the parts leave CPU profiles, if anywhere. */
  profileFolder: string | undefined;
}

export const usage = `Usage: npm run bench -- [SCENARIO ...] [options]

Scenarios, all by default:
  login      complete two-step logins beside raw bcrypt: rate, ratio, times of both calls, CPU beyond the hash
  refresh    POST /token/refresh on one gateway process
  verify     GET /verify on one gateway process
  audit      the relay beside bare publishing, delivery at 500 events a second, what audit adds to a login

Options:
  --cost N             bcrypt cost, 4 to 15 (10)
  --seconds N          measured seconds of a round (6)
  --rounds N           rounds, of which medians are taken (3)
  --concurrency N,...  clients at once (8,32)
  --limits             limits per address count on, too high to be met, instead of being off
  --json               the figures as JSON on stdout
  --profile FOLDER     CPU profiles of the three parts; slows them down
  --help               this`;

/** @throws Error with one sentence on what can't be read */
export function readArguments(args: readonly string[]): BenchOptions | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cost: { type: 'string', default: '10' },
      seconds: { type: 'string', default: '6' },
      rounds: { type: 'string', default: '3' },
      concurrency: { type: 'string', default: '8,32' },
      limits: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    scenarios: positionals.length === 0 ? [...scenarioNames] : positionals.map(readScenario),
    cost: readNumber('--cost', values.cost, 4, 15),
    seconds: readNumber('--seconds', values.seconds, 1, 600),
    rounds: readNumber('--rounds', values.rounds, 1, 100),
    concurrency: values.concurrency.split(',').map((part) => readNumber('--concurrency', part, 1, 200)),
    limits: values.limits,
    json: values.json,
    profileFolder: values.profile,
  };
}

function readScenario(name: string): ScenarioName {
  const found = scenarioNames.find((known) => known === name);
  if (found === undefined) throw new Error(`there is no scenario ${name}; there are ${scenarioNames.join(', ')}`);
  return found;
}

function readNumber(option: string, text: string, least: number, most: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most)) throw new Error(`${option} takes whole numbers from ${least} to ${most}`);
  return number;
}
