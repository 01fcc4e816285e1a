// What a core needs for one comparison, and for several at once, by the thread that users has for it, at its priority:
// where that makes them one after the other, so does this. On all cores at a time, as under load; how many at once
// changes several times, since the speed of cores does.
import bcrypt from 'bcrypt';
import { createLanes } from '../../services/users/hashing/compare-in-lanes.mjs';
import { mostLanes } from '../../services/users/hashing/hash-job.ts';
import { openHashWorker } from '../../services/users/hashing/open-hash-worker.ts';

const rounds = 3;

/** @returns milliseconds of CPU for one comparison, for two at once, and so on */
export async function measureLanes(options: {
  input: string;
  cost: number;
  threads: number;
  windowMs: number;
}): Promise<number[]> {
  const { input, cost, threads, windowMs } = options;
  const job = { input, cost, hash: await bcrypt.hash(input, cost) };
  const lanes = createLanes(mostLanes);
  const workers = Array.from({ length: threads }, () => openHashWorker(lanes, () => undefined));
  const spent = Array.from({ length: mostLanes }, (_, more) => ({
    jobs: Array(more + 1).fill(job),
    cpuMs: 0,
    runs: 0,
  }));

  async function run(jobs: (typeof job)[], ms: number) {
    const before = process.cpuUsage();
    const end = performance.now() + ms;
    let runs = 0;
    await Promise.all(
      workers.map(async ({ execute }) => {
        do {
          await execute(jobs);
          runs += 1;
        } while (performance.now() < end);
      }),
    );
    const { user, system } = process.cpuUsage(before);
    return { cpuMs: (user + system) / 1_000, runs };
  }

  // The first are slower: threads start, and the engine compiles what turns out to be worth it.
  for (const { jobs } of spent) await run(jobs, windowMs / mostLanes / rounds);
  for (let round = 0; round < rounds; round += 1) {
    for (const one of spent) {
      const { cpuMs, runs } = await run(one.jobs, windowMs / mostLanes / rounds);
      one.cpuMs += cpuMs;
      one.runs += runs;
    }
  }
  await Promise.all(workers.map((worker) => worker.close()));
  return spent.map(({ cpuMs, runs }) => cpuMs / runs);
}
