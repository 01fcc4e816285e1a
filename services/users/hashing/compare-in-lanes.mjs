// bcrypt for several passwords at once, beside the library: it takes what the library has hashed, and says whether each
// fits. It makes no hashes, and is held to the library before it is used. A fault in it could refuse a right password, but
// let no wrong one in: whatever it computes, a yes takes 184 bits equal to those of the stored hash.
import { timingSafeEqual } from 'node:crypto';
import { computePi, pWords, stateWords } from './blowfish-tables.mjs';
import { createModule, keyWordsAt, laneWords, openKernel, saltWordsAt } from './lane-kernel.mjs';

/** Of salt and digest, the last digit has bits that nothing fills: 0, as the library writes them. */
const form = /^\$2b\$(\d\d)\$([./A-Za-z0-9]{21}[.Oeu])([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])$/;
const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** bcrypt takes no more of a password than these, a NUL behind it included. */
const mostKeyBytes = 72;
const saltBytes = 16;
const digestBytes = 23;
/** What is enciphered 64 times at the end (Provos and Mazieres, A Future-Adaptable Password Scheme, 4). */
const text = toWords(Buffer.from('OrpheanBeholderScryDoubt'), 6);
/** V8 goes over to optimised code between two calls, not within one. */
const turnsOfACall = 8;

/**
 * Whether this hash is one that can be compared here.
 * @param {string | undefined} hash
 */
export function isComparable(hash) {
  return hash !== undefined && form.test(hash);
}

/**
 * What threads share, made once: the beginning of every state, and the loops by the number of lanes.
 * @param {number} most at least two
 */
export function createLanes(most) {
  const modules = Array.from({ length: most - 1 }, (_, at) => /** @type {const} */ ([at + 2, createModule(at + 2)]));
  return { pi: computePi(stateWords), modules: new Map(modules) };
}

/**
 * Makes a function that compares two or more inputs with hashes of one cost, each in a lane of its own; each of its answers
 * says whether that input fits.
 * @param {ReturnType<typeof createLanes>} lanes
 * @returns {(jobs: readonly { input: string, hash: string }[]) => boolean[]}
 */
export function createComparison({ pi, modules }) {
  // One for all: the address space of each is 8 GB.
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const words = new Uint32Array(memory.buffer);
  const kernels = new Map([...modules].map(([lanes, module]) => [lanes, openKernel(module, memory)]));
  return (jobs) => {
    const run = kernels.get(jobs.length);
    const parsed = jobs.map(({ hash }) => parse(hash));
    const states = jobs.map((_, lane) => words.subarray(lane * laneWords, (lane + 1) * laneWords));
    for (const [lane, state] of states.entries()) setUp(state, pi, toKey(jobs[lane].input), parsed[lane].salt);
    for (let left = 2 ** parsed[0].cost; left > 0; left -= turnsOfACall) run(Math.min(left, turnsOfACall));
    const answers = states.map((state, lane) => timingSafeEqual(digest(state), parsed[lane].digest));
    words.fill(0);
    return answers;
  };
}

function parse(hash) {
  const [, cost, salt, stored] = form.exec(hash);
  return { cost: Number(cost), salt: decode(salt, saltBytes), digest: decode(stored, digestBytes) };
}

function toKey(input) {
  return Buffer.concat([Buffer.from(input), Buffer.of(0)]).subarray(0, mostKeyBytes);
}

/** The state before the loop: pi, mixed with the password, then filled by way of the salt. */
function setUp(state, pi, key, salt) {
  const keyWords = toWords(key, pWords);
  const saltWords = toWords(salt, pWords);
  state.set(pi);
  state.set(keyWords, keyWordsAt);
  state.set(saltWords, saltWordsAt);
  for (let at = 0; at < pWords; at += 1) state[at] ^= keyWords[at];
  const block = new Uint32Array(2);
  for (let at = 0; at < stateWords; at += 2) {
    block[0] ^= saltWords[at % 4];
    block[1] ^= saltWords[(at % 4) + 1];
    encipher(state, block);
    state.set(block, at);
  }
}

function digest(state) {
  const words = text.slice();
  for (let at = 0; at < words.length; at += 2) {
    const block = words.subarray(at, at + 2);
    for (let turn = 0; turn < 64; turn += 1) encipher(state, block);
  }
  const bytes = Buffer.alloc(24);
  for (const [at, word] of words.entries()) bytes.writeUInt32BE(word, 4 * at);
  return bytes.subarray(0, digestBytes);
}

/** Blowfish: 64 bits as two words, in place. */
function encipher(state, block) {
  let [left, right] = block;
  left ^= state[0];
  for (let round = 1; round <= 16; round += 1) {
    const s = (box, byte) => state[pWords + 256 * box + (byte & 255)];
    const f = ((s(0, left >>> 24) + s(1, left >>> 16)) ^ s(2, left >>> 8)) + s(3, left);
    [left, right] = [right ^ f ^ state[round], left];
  }
  block[0] = right ^ state[17];
  block[1] = left;
}

/** Big-endian words of bytes that begin anew at their end. */
function toWords(bytes, count) {
  const byte = (at) => bytes[at % bytes.length];
  return Uint32Array.from({ length: count }, (_, at) =>
    [0, 1, 2, 3].reduce((word, next) => word * 256 + byte(4 * at + next), 0),
  );
}

/** bcrypt's own base64. */
function decode(digits, count) {
  const bits = [...digits].map((digit) => alphabet.indexOf(digit).toString(2).padStart(6, '0')).join('');
  return Buffer.from(Array.from({ length: count }, (_, at) => Number.parseInt(bits.slice(8 * at, 8 * at + 8), 2)));
}
