import { Worker } from 'node:worker_threads';
import type { Execute, HashResult } from './hash-job.ts';

export interface HashWorker {
  execute: Execute;
  close(): Promise<void>;
}

const resourceLimits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2, stackSizeMb: 2 };

/** A thread that hashes synchronously, one job at a time. One that dies fails its job and is replaced for the next. */
export function openHashWorker(): HashWorker {
  let running: PromiseWithResolvers<HashResult> | undefined;
  let worker: Worker | undefined = start();

  function start(): Worker {
    const started = new Worker(new URL('./hash-worker.mjs', import.meta.url), { resourceLimits, stdin: false });
    let cause: unknown;
    started.on('message', (result: HashResult) => settle()?.resolve(result));
    started.once('error', (error) => {
      cause = error;
    });
    started.once('exit', () => {
      worker = undefined;
      settle()?.reject(new Error('a hash worker ended', { cause }));
    });
    return started;
  }

  function settle(): PromiseWithResolvers<HashResult> | undefined {
    const settled = running;
    running = undefined;
    return settled;
  }

  return {
    execute(job) {
      running = Promise.withResolvers<HashResult>();
      worker ??= start();
      worker.postMessage(job);
      return running.promise;
    },
    async close() {
      await worker?.terminate();
    },
  };
}
