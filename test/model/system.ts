import type { Answered, Api } from '../support/api.ts';

/** What the commands act on: the public API of a running system, and the hands of an operator. */
export interface System {
  api: Api;
  /** The clock of the product. */
  now(): number;
  windowSteps: number;
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** By the admin API. */
  lock(accountId: string): Promise<Answered>;
  unlock(accountId: string): Promise<Answered>;
  /** Only where the clock can be moved. */
  moveClock?: (ms: number) => void;
  /** Only where there is a Redis. */
  emptyRedis?: () => Promise<void>;
  /** Only where parts are processes: SIGKILL, and started again. */
  restart?: (part: PartName) => Promise<void>;
  /** Only where parts are processes: SIGKILL. */
  kill?: (part: PartName) => Promise<void>;
  /** What a gateway that is killed forgets. */
  challengesInMemory: boolean;
}

export const partNames = ['users', 'otp', 'gateway'] as const;
export type PartName = (typeof partNames)[number];
