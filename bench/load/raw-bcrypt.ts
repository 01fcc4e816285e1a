// The limit that logins are held against: bcrypt compares at the same cost, as many threads as cores, always one more
// waiting for each so that no thread is ever without work. What falls into the window counts. At the priority that the
// hashes of users have, so that whatever else runs on the machine takes as much from one as from the other.
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import { serveHelper } from '../helper-process.ts';
import { measureLanes } from './measure-lanes.ts';
import type { RawBcryptHandlers } from './messages.ts';

/** As long as what users gives to bcrypt. */
const input = 'x'.repeat(64);

// Before the threads of the pool start: they inherit it.
if (process.platform === 'linux') setPriority(0, 10);

const handlers: RawBcryptHandlers = {
  async measure({ cost, threads, rampMs, windowMs }, mark) {
    const hash = await bcrypt.hash(input, cost);
    let running = true;
    let hashes = 0;
    const worker = async () => {
      while (running) {
        await bcrypt.compare(input, hash);
        hashes += 1;
      }
    };
    const workers = Array.from({ length: 2 * threads }, worker);
    await sleep(rampMs);
    mark('window-opened');
    const before = { hashes, at: performance.now(), cpu: process.cpuUsage() };
    await sleep(windowMs);
    const count = hashes - before.hashes;
    const elapsedMs = performance.now() - before.at;
    const cpu = process.cpuUsage(before.cpu);
    mark('window-closed');
    running = false;
    await Promise.all(workers);
    return {
      perSecond: (count / elapsedMs) * 1_000,
      cpuMsPerHash: (cpu.user + cpu.system) / 1_000 / count,
      elapsedMs,
    };
  },
  measureLanes: (asked) => measureLanes({ input, ...asked }),
};

serveHelper(handlers);
