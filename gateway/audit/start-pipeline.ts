import { takeTurns } from '@sallyport/audit/log';
import type { ServiceClient } from '@sallyport/http/service-client';
import type { Logger } from '@sallyport/logger';
import type { Db } from '@sallyport/postgres';
import type { Registry } from 'prom-client';
import type { Service } from './acknowledge.ts';
import { acknowledgeLater } from './acknowledge-later.ts';
import type { BrokerNames } from './broker.ts';
import { collectPage } from './collect.ts';
import type { AuditKey } from './create-checkpoint.ts';
import { startLease } from './lease.ts';
import { type Loop, type Round, startLoop } from './loop.ts';
import { createPipelineMetrics } from './pipeline-metrics.ts';
import { isProjected, projectPage, type RaiseFence } from './project.ts';
import { relay } from './relay.ts';
import { type Retention, retain } from './retain.ts';
import { sequencePage } from './sequence.ts';
import { carryOutErasures } from './store/erasures.ts';
import { closeFolds } from './store/folds.ts';
import { preparePartitions } from './store/log.ts';
import { forgetSeen } from './store/outbox.ts';
import { sweepFlags } from './sweep.ts';

/** A page of what came in this time costs little more than one event, and nobody waits for it. */
const restMs = 150;

/** Consumers do wait for the numbers. */
const sequencerRestMs = 75;

export interface PipelineOptions {
  db: Db;
  users: ServiceClient;
  otp: ServiceClient;
  publicUrl: string;
  /** The nodes of the broker. Without it nothing is published; events stay readable. */
  amqpUrls?: readonly string[] | undefined;
  names?: Partial<BrokerNames> | undefined;
  logger: Logger;
  registry: Registry;
  now: () => number;
  randomBytes: (count: number) => Buffer;
  /** Signs checkpoints. */
  key: AuditKey;
  retention: Retention;
  raiseFence: RaiseFence;
  /** Carries approved factor resets out; says whether there is more. */
  carryOutResets: () => Promise<boolean>;
  /** Names this gateway in the lease. */
  holder?: string | undefined;
}

export interface AuditPipeline {
  /** Call it after a commit that recorded events: they get their numbers at once. */
  nudge(): void;
  /** Call it after the commit: tells a service, soon and in batches, what was taken over. */
  acknowledgeLater(source: Service, ids: readonly string[]): void;
  /** False while this gateway should publish and can't. */
  relayUp(): boolean;
  /** Stops everything within two seconds, whatever hangs. */
  close(): Promise<void>;
}

/** Starts collecting, numbering, publishing and projecting; of several gateways the one that holds the lease does. */
export function startAuditPipeline(options: PipelineOptions): AuditPipeline {
  const { db, users, otp, publicUrl, logger, now, raiseFence, key, retention, amqpUrls } = options;
  const source = { now, randomBytes: options.randomBytes };
  const names = { exchange: 'sallyport.audit', queue: 'sallyport.audit.all', ...options.names };
  const { registry } = options;
  const metrics = createPipelineMetrics({ db, registry, relays: amqpUrls !== undefined, leads: () => lease.held() });
  const holder = options.holder ?? options.randomBytes(16).toString('hex');
  const later = acknowledgeLater({ users, otp });
  const loops: Loop[] = [];
  const lease = startLease({ db, name: 'audit', holder, logger, now, onHeld: () => wake(loops) });
  const start = (name: string, everyMs: number, round: (round: Round) => Promise<boolean>, rest = restMs) => {
    const loop = startLoop({ name, logger, now, everyMs, restMs: rest, active: lease.held, round });
    loops.push(loop);
    return loop;
  };
  let relayConnected = false;
  let relayLoop: Loop | undefined;

  const number = async () => {
    const { types, again } = await sequencePage({ db, publicUrl, logger, key, source });
    for (const type of types) metrics.numbered.inc({ type });
    if (types.length > 0) relayLoop?.nudge();
    if (types.some(isProjected)) projector.nudge();
    if (types.includes('sallyport.audit.erased')) erasures.nudge();
    return again;
  };
  const sequencer = start('audit sequencer', 250, number, sequencerRestMs);
  for (const [source, client] of [['users', users] as const, ['otp', otp] as const]) {
    start(`audit collector of ${source}`, 900, async () => {
      const { taken, again } = await collectPage({ db, source, client, logger, onTaken: sequencer.nudge });
      metrics.collected.inc({ source }, taken);
      return again;
    });
  }
  const projector = start('audit projector', 5_000, () => projectPage({ db, users, otp, raiseFence }));
  start('audit folds', 1_000, async () => {
    const { folded, again } = await closeFolds(db);
    if (folded > 0) sequencer.nudge();
    return again;
  });
  start('factor resets', 1_000, options.carryOutResets);
  start('audit sweep', 3_600_000, async ({ signal }) => {
    await sweepFlags({ users, otp, raiseFence, logger, signal });
    return false;
  });
  const erasures = start('audit erasures', 10_000, async () => {
    await carryOutErasures(db);
    return false;
  });
  const consumers = amqpUrls === undefined ? ['projector'] : ['projector', 'relay'];
  start('audit retention', 600_000, async () => {
    await retain({ db, source, logger, retention, consumers });
    return false;
  });
  start('audit upkeep', 10_000, async () => {
    await preparePartitions(db);
    await forgetSeen(db);
    return false;
  });
  if (amqpUrls !== undefined) {
    const nextBroker = takeTurns(amqpUrls);
    const onConnected = (connected: boolean) => {
      if (connected) metrics.connections.inc();
      relayConnected = connected;
    };
    const onPublished = () => metrics.published.inc();
    const relayOptions = { db, names, active: lease.held, onConnected, onPublished };
    relayLoop = start('audit relay', 200, (round) => relay({ ...relayOptions, url: nextBroker() }, round));
  }

  return {
    nudge: sequencer.nudge,
    acknowledgeLater: later.add,
    relayUp: () => amqpUrls === undefined || relayConnected || !lease.held(),
    async close() {
      later.close();
      await Promise.all([lease, ...loops].map((each) => each.close()));
    },
  };
}

function wake(loops: readonly Loop[]): void {
  for (const loop of loops) loop.nudge();
}
