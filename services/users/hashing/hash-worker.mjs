// Plain JavaScript: a thread that has to strip types loads the means for it once more, 10 MB each.
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import bcrypt from 'bcrypt';
import { createComparison, isComparable } from './compare-in-lanes.mjs';
import { findDisagreement } from './find-disagreement.mjs';

// On Linux this lowers the calling thread alone, so that requests go first where cores are few; elsewhere it would
// lower the whole process.
if (process.platform === 'linux') setPriority(0, 10);

const compareInLanes = workerData === null ? undefined : openComparison(workerData);

/**
 * Undefined, and told, where lanes don't do here what the library does: it does all of it then.
 * @param {ReturnType<typeof import('./compare-in-lanes.mjs').createLanes>} lanes
 */
function openComparison(lanes) {
  const compare = createComparison(lanes);
  const trouble = findDisagreement(compare, 1 + lanes.modules.size);
  if (trouble === undefined) return compare;
  parentPort?.postMessage({ trouble });
  return undefined;
}

/** @param {readonly import('./hash-job.ts').HashJob[]} jobs */
function run(jobs) {
  const together = compareInLanes !== undefined && jobs.length > 1 && jobs.every(({ hash }) => isComparable(hash));
  return together ? compareInLanes(jobs) : jobs.map(runAlone);
}

/** @param {import('./hash-job.ts').HashJob} job */
function runAlone({ input, cost, hash }) {
  return hash === undefined ? bcrypt.hashSync(input, cost) : bcrypt.compareSync(input, hash);
}

parentPort?.postMessage({ started: true });
parentPort?.on('message', (jobs) => parentPort?.postMessage({ results: run(jobs) }));
