import { Worker } from 'node:worker_threads';
import type { createLanes } from './compare-in-lanes.mjs';
import type { Execute, HashResult } from './hash-job.ts';

export interface HashWorker {
  execute: Execute;
  close(): Promise<void>;
}

const resourceLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2, stackSizeMb: 2 };

export type Lanes = ReturnType<typeof createLanes>;

type Message = { started: true } | { results: readonly HashResult[] } | { trouble: string };

/**
 * A thread that hashes synchronously, what one call brings at a time. One that dies fails those jobs and is replaced for
 * the next; one that dies before it has started is replaced by one without lanes.
 * @param lanes for comparisons that come together; without them the library makes all, one after the other
 * @param onTrouble told why comparisons that come together are made one after the other here
 */
export function openHashWorker(lanes: Lanes | undefined, onTrouble: (trouble: string) => void): HashWorker {
  let running: PromiseWithResolvers<readonly HashResult[]> | undefined;
  let closing = false;
  let lanesToTry = lanes;
  let worker: Worker | undefined = start();

  function start(): Worker {
    const started = new Worker(new URL('./hash-worker.mjs', import.meta.url), {
      resourceLimits,
      stdin: false,
      workerData: lanesToTry ?? null,
    });
    let cause: unknown;
    let hasStarted = false;
    started.on('message', (message: Message) => {
      if ('started' in message) hasStarted = true;
      else if ('trouble' in message) onTrouble(message.trouble);
      else settle()?.resolve(message.results);
    });
    started.once('error', (error) => {
      cause = error;
    });
    started.once('exit', () => {
      worker = undefined;
      if (!hasStarted && lanesToTry !== undefined && !closing) {
        lanesToTry = undefined;
        onTrouble(String(cause));
      }
      settle()?.reject(new Error('a hash worker ended', { cause }));
    });
    return started;
  }

  function settle(): PromiseWithResolvers<readonly HashResult[]> | undefined {
    const settled = running;
    running = undefined;
    return settled;
  }

  return {
    execute(jobs) {
      running = Promise.withResolvers();
      worker ??= start();
      worker.postMessage(jobs);
      return running.promise;
    },
    async close() {
      closing = true;
      await worker?.terminate();
    },
  };
}
