import { leadElsewhere, leadHere, openWays, type Trips, type Ways } from '../../test/support/round-trips/open-ways.ts';
import type { BenchOptions } from '../arguments.ts';
import { describeFailures } from '../report/describe-failures.ts';
import { formatFigure, renderTable } from '../report/table.ts';
import type { Rig } from '../rig.ts';
import type { Bench, Scenario, Tell } from '../scenario.ts';

/** Counted on the wire, for one complete login. */
interface TripFigures {
  /** Those while its caller waits, by who asks and of whom. */
  onPath: Counts;
  /** Those that follow: collecting, numbering, acknowledging, checking. */
  behind: Counts;
  /** A second, while nobody calls. */
  idle: Counts;
  failed: number;
  firstFailure: string | undefined;
}

type Counts = Record<string, number>;

const kinds = ['postgres', 'redis', 'services'] as const;
const limits = { postgres: 8, redis: 5, services: 3 };
const neighbours = { postgres: 'Postgres', redis: 'Redis', services: 'services' };
const idleSeconds = 5;
const cost = 4;
const accounts = 60;
const logins = 100;
/** Nobody waits for these: events that are fetched, and a write to Redis that only gives back what a login held. */
const later =
  / \/events|^(zrem \S+|eval if redis.call\('HDEL'[^+]*)( \+ (zrem \S+|eval if redis.call\('HDEL'[^+]*))*$/i;
/** On, and never met; without them a login asks Redis for less than it does in production. */
const limitsPerAddress = { ADDRESS_FAILURES: '1000000000', PASSWORD_TRIES_PER_ADDRESS: '10' };

export const roundTrips: Scenario<TripFigures> = {
  name: 'round-trips',
  help: 'round trips of a complete login to each store and service, counted on the wire, and those that follow it',
  bar: kinds.map((kind) => ({
    key: `trips-${kind}`,
    what: `round trips of a login to ${neighbours[kind]}`,
    unit: '',
    limit: limits[kind],
    sense: 'at most',
    of: 'figure',
  })),
  run: measureTrips,
  render(figures) {
    const names = [...new Set([figures.onPath, figures.behind, figures.idle].flatMap((counts) => Object.keys(counts)))];
    const columns = [figures.onPath, figures.behind, figures.idle];
    const rows = names.toSorted().map((name) => [name, ...columns.map((counts) => formatFigure(counts[name] ?? 0))]);
    return {
      details: [renderTable(['round trips', 'on the path', 'behind it', 'a second at rest'], rows)],
      figures: kinds.map((kind) => ({
        key: `trips-${kind}`,
        figure: Math.round(figures.onPath[kind] ?? 0),
      })),
      failures: describeFailures([figures]),
    };
  },
};

async function measureTrips(bench: Bench, _options: BenchOptions, tell: Tell): Promise<TripFigures> {
  await using opened = new AsyncDisposableStack();
  let ways: Ways | undefined;
  let counted: Trips | undefined;
  let direct = '';
  const rig = await bench.openRig({
    cost,
    env: limitsPerAddress,
    async reroute(addresses) {
      direct = addresses.databaseUrl;
      await leadElsewhere(direct);
      ways = opened.use(await openWays(addresses));
      return ways.addresses;
    },
    onMark() {
      counted = ways?.take();
    },
  });
  opened.use(rig);
  tell(`signing up and enrolling ${accounts} accounts`);
  await rig.prepareAccounts(accounts);

  async function measure(): Promise<{
    perLogin: Counts;
    idle: Counts;
    failed: number;
    firstFailure: string | undefined;
  }> {
    const round = await takeRound(rig, logins);
    const during = sum(counted);
    ways?.take();
    await rig.measureIdle(idleSeconds);
    const idle = map(sum(ways?.take()), (count) => count / idleSeconds);
    const elapsed = round.elapsedMs / 1_000;
    const perLogin = map(during, (count, name) => Math.max(0, count - (idle[name] ?? 0) * elapsed) / round.completed);
    return { perLogin, idle, failed: round.failed, firstFailure: round.firstFailure };
  }
  await takeRound(rig, 10);
  const alone = await measure();
  tell(`on the path: ${describe(alone.perLogin)}`);
  await leadHere(direct);
  await takeRound(rig, 20);
  const leading = await measure();
  tell(`with what follows: ${describe(leading.perLogin)}`);
  return {
    onPath: alone.perLogin,
    behind: map(leading.perLogin, (count, name) => Math.max(0, count - (alone.perLogin[name] ?? 0))),
    idle: leading.idle,
    failed: alone.failed + leading.failed,
    firstFailure: alone.firstFailure ?? leading.firstFailure,
  };
}

function takeRound(rig: Rig, mostRuns: number) {
  return rig.measureRound('login', { concurrency: 1, rampMs: 0, seconds: 60, mostRuns });
}

/** By kind, and for Postgres and services also by who asks whom. */
function sum(trips: Trips | undefined): Counts {
  const counts: Counts = {};
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  for (const kind of kinds) for (const trip of trips?.[kind] ?? []) if (!later.test(trip)) count(kind);
  for (const trip of trips?.postgres ?? []) count(`postgres, by ${trip.slice(0, trip.indexOf(':'))}`);
  for (const trip of trips?.services ?? [])
    count(`services, ${trip.replace(/\/[0-9a-f-]{36}/, '/{id}').split('?')[0]}`);
  return counts;
}

function map(counts: Counts, change: (count: number, name: string) => number): Counts {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, change(count, name)]));
}

function describe(counts: Counts): string {
  return kinds.map((kind) => `${formatFigure(counts[kind] ?? 0)} to ${neighbours[kind]}`).join(', ');
}
