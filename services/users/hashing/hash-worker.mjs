// Plain JavaScript: a thread that has to strip types loads the means for it once more, 10 MB each.
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcrypt';

// On Linux this lowers the calling thread alone, so that requests go first where cores are few; elsewhere it would
// lower the whole process.
if (process.platform === 'linux') setPriority(0, 10);

/** @param {import('./hash-job.ts').HashJob} job */
function run({ input, cost, hash }) {
  return hash === undefined ? bcrypt.hashSync(input, cost) : bcrypt.compareSync(input, hash);
}

parentPort?.on('message', (job) => parentPort?.postMessage(run(job)));
