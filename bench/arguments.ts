import { parseArgs } from 'node:util';
import type { Scenario } from './scenario.ts';

export interface BenchOptions {
  /** Names of scenarios, in the order of the list. */
  scenarios: string[];
  /** Of bcrypt; where a scenario takes one, it is the first. */
  costs: number[];
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
  /** What scenarios have for themselves, by the option's name. */
  own: Record<string, string>;
}

type Known = readonly Pick<Scenario<unknown>, 'name' | 'help' | 'onlyByName' | 'options'>[];

export function createUsage(known: Known): string {
  const own = known.flatMap((scenario) =>
    Object.entries(scenario.options ?? {}).map(
      ([name, { placeholder, help, default: usual }]) =>
        `  ${`--${name} ${placeholder}`.padEnd(20)} ${help}, for ${scenario.name} (${usual || 'none'})`,
    ),
  );
  return `Usage: npm run bench -- [SCENARIO ...] [options]

Scenarios, by default all but those in brackets:
${known.map(describe).join('\n')}

Options:
  --cost N,...         bcrypt costs, 4 to 15; one after the other for login, else the first (10,12,4)
  --seconds N          measured seconds of a round (6)
  --rounds N           rounds, of which medians are taken (3)
  --concurrency N,...  clients at once (1,8,32)
  --limits             limits per address count on, too high to be met, instead of being off
  --json               the figures as JSON on stdout
  --profile FOLDER     CPU profiles of the three parts; slows them down
${[...own, '  --help               this'].join('\n')}`;
}

function describe({ name, help, onlyByName }: Known[number]): string {
  return `  ${(onlyByName ? `[${name}]` : name).padEnd(12)} ${help}`;
}

/** @throws Error with one sentence on what can't be read */
export function readArguments(args: readonly string[], known: Known): BenchOptions | 'help' {
  const own = known.flatMap(({ options = {} }) => Object.entries(options));
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...Object.fromEntries(own.map(([name, { placeholder }]) => [name, { type: placeholder ? 'string' : 'boolean' }])),
      cost: { type: 'string', default: '10,12,4' },
      seconds: { type: 'string', default: '6' },
      rounds: { type: 'string', default: '3' },
      concurrency: { type: 'string', default: '1,8,32' },
      limits: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const given = values as Record<string, unknown>;
  return {
    scenarios: chooseScenarios(positionals, known),
    costs: readNumbers('--cost', values.cost, 4, 15),
    seconds: readNumber('--seconds', values.seconds, 1, 600),
    rounds: readNumber('--rounds', values.rounds, 1, 100),
    concurrency: readNumbers('--concurrency', values.concurrency, 1, 200),
    limits: values.limits,
    json: values.json,
    profileFolder: values.profile,
    own: Object.fromEntries(own.map(([name, { default: usual }]) => [name, String(given[name] ?? usual)])),
  };
}

function chooseScenarios(asked: readonly string[], known: Known): string[] {
  const names = known.map(({ name }) => name);
  const unknown = asked.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`there is no scenario ${unknown}; there are ${names.join(', ')}`);
  if (asked.length > 0) return names.filter((name) => asked.includes(name));
  return known.filter(({ onlyByName }) => !onlyByName).map(({ name }) => name);
}

function readNumbers(option: string, text: string, least: number, most: number): number[] {
  return text.split(',').map((part) => readNumber(option, part, least, most));
}

function readNumber(option: string, text: string, least: number, most: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most)) throw new Error(`${option} takes whole numbers from ${least} to ${most}`);
  return number;
}
