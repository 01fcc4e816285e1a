/*
 * What the audit log carries, on a system of its own with a broker. The relay is held against bare publishing with confirms
 * in the same run: the same bytes, the same window, a stream of the same kind. Delivery is measured to a consumer, from the
 * event's own time, made before its commit: more than from commit to confirm. A login with audit alternates with one
 * whose outboxes take nothing (a trigger swallows what is recorded), which leaves the making of events in it.
 */
import { findServers } from '../../test/support/servers/find-servers.ts';
import { startRabbitmq } from '../../test/support/servers/rabbitmq.ts';
import type { BenchOptions } from '../arguments.ts';
import { median } from '../report/percentile.ts';
import { type Bench, NotMeasured, type Tell } from '../scenario.ts';
import { measureDelivery } from './measure-delivery.ts';
import { measureRelay } from './measure-relay.ts';
import { publishBare } from './publish-bare.ts';
import { setRecording } from './set-recording.ts';

export interface AuditFigures {
  relay: { perSecond: number; barePerSecond: number; ratio: number }[];
  delivery: { perSecond: number; p50: number; p99: number };
  /** The 99th percentile of both calls of a login together. */
  login: { withAudit: number; without: number; added: number };
}

const loginSeconds = 20;
/** More than one person at a time gets done, at a hash of trials and at one of production; plans accounts alone. */
const mostLogins = { cheap: 120, usual: 16 };
const codesOfAnAccount = 5;
const events = 50_000;
const perSecond = 500;

export async function measureAudit(bench: Bench, options: BenchOptions, tell: Tell): Promise<AuditFigures> {
  const { missing } = findServers().rabbitmq;
  if (missing !== undefined) throw new NotMeasured(missing);
  const { rounds, seconds } = options;
  const cost = options.costs[0] ?? 10;
  await using broker = await startRabbitmq();
  await using rig = await bench.openRig({ cost, env: { AMQP_URL: broker.url } });
  const { databaseUrl, url } = rig;

  const perLoginSecond = cost < 10 ? mostLogins.cheap : mostLogins.usual;
  const accounts = Math.ceil((2 * rounds * (loginSeconds + 1) * perLoginSecond) / codesOfAnAccount);
  tell(`signing up and enrolling ${accounts} accounts`);
  await rig.prepareAccounts(accounts);
  const delivery = await measureDelivery({ url, amqpUrl: broker.url, perSecond, seconds });
  tell(`${perSecond} events a second at a consumer after ${delivery.p50} ms, p99 ${delivery.p99} ms`);

  const p99s = { on: [] as number[], off: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const state of ['on', 'off'] as const) {
      await setRecording(databaseUrl, state);
      const { calls } = await rig.measureRound('login', {
        concurrency: 1,
        rampMs: 500,
        seconds: loginSeconds,
      });
      const p99 = Object.values(calls).reduce((sum, call) => sum + call.p99, 0);
      tell(`round ${round + 1} of ${rounds}, audit ${state}: a login's p99 is ${p99.toFixed(1)} ms`);
      p99s[state].push(p99);
    }
  }
  await setRecording(databaseUrl, 'on');

  const relay: AuditFigures['relay'] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const barePerSecond = await publishBare(broker.url, events);
    const relayed = await measureRelay({ databaseUrl, broker, events });
    const ratio = relayed / barePerSecond;
    tell(`round ${round} of ${rounds}: relay ${relayed.toFixed(0)}/s, bare ${barePerSecond.toFixed(0)}/s`);
    relay.push({ perSecond: relayed, barePerSecond, ratio });
  }
  const [withAudit, without] = [median(p99s.on), median(p99s.off)];
  return { relay, delivery, login: { withAudit, without, added: withAudit - without } };
}
