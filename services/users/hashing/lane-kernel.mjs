// The inner loop of bcrypt for several passwords in lockstep, as a WebAssembly module made here. Each round of Blowfish
// waits for the one before it, and a core that follows one chain of rounds is idle most of the time: with a few chains that
// know nothing of each other it is busy (see docs/decisions/0020-passwords-are-compared-in-lanes.md). Each lane has its
// own state in the module's memory; the code is that of one lane, written once for each.
import { pWords, stateWords } from './blowfish-tables.mjs';

// Where things lie in a lane, in bytes: P and S-boxes, then the password and the salt as words for all of P.
const keyAt = 4 * stateWords;
const saltAt = keyAt + 4 * pWords;
export const laneWords = stateWords + 2 * pWords;
const laneBytes = 4 * laneWords;
export const keyWordsAt = stateWords;
export const saltWordsAt = stateWords + pWords;

const rounds = 16;

/**
 * Makes the loop for so many lanes; threads can share it.
 * @param {number} lanes
 */
export function createModule(lanes) {
  return new WebAssembly.Module(encodeModule(createRun(lanes), 1 + 2 * lanes));
}

/**
 * The loop over a memory, which has the lanes one after the other, `laneWords` each: a call with n expands each lane's state
 * n times by its password and its salt in turn.
 * @param {WebAssembly.Module} module
 * @param {WebAssembly.Memory} memory
 */
export function openKernel(module, memory) {
  return new WebAssembly.Instance(module, { lanes: { memory } }).exports.run;
}

// The instructions that are used, each as its bytes; operands stand before them.
const get = (local) => [0x20, ...unsigned(local)];
const set = (local) => [0x21, ...unsigned(local)];
const tee = (local) => [0x22, ...unsigned(local)];
const constant = (value) => [0x41, ...signed(value)];
const load = (address, offset) => [...address, 0x28, 2, ...unsigned(offset)];
const store = (address, value, offset) => [...address, ...value, 0x36, 2, ...unsigned(offset)];
const add = (a, b) => [...a, ...b, 0x6a];
const subtract = (a, b) => [...a, ...b, 0x6b];
const and = (a, b) => [...a, ...b, 0x71];
const xor = (a, b) => [...a, ...b, 0x73];
const shiftLeft = (a, bits) => [...a, ...constant(bits), 0x74];
const shiftRight = (a, bits) => [...a, ...constant(bits), 0x76];
const isLess = (a, b) => [...a, ...b, 0x49];
/** Runs the body, which leaves whether to run it again. */
const repeat = (body) => [0x03, 0x40, ...body, 0x0d, 0, 0x0b];

const zero = constant(0);

function createRun(lanes) {
  const left = (lane) => 2 + 2 * lane;
  const right = (lane) => 3 + 2 * lane;
  const [turns, at] = [0, 1];
  const inEach = (code) => Array.from({ length: lanes }, (_, lane) => code(lane)).flat();
  const p = (lane, index) => load(zero, lane * laneBytes + 4 * index);

  /** F of Blowfish: a word from each S-box, by the four bytes of x. */
  function f(lane, x) {
    const entry = (box, bits) => {
      const index = bits < 0 ? shiftLeft(get(x), -bits) : shiftRight(get(x), bits);
      return load(and(index, constant(0x3fc)), lane * laneBytes + 4 * (pWords + 256 * box));
    };
    return add(xor(add(entry(0, 22), entry(1, 14)), entry(2, 6)), entry(3, -2));
  }

  function encipher() {
    const code = inEach((lane) => [...xor(get(left(lane)), p(lane, 0)), ...set(left(lane))]);
    for (let round = 1; round <= rounds; round += 1) {
      const [from, to] = round % 2 === 1 ? [left, right] : [right, left];
      code.push(
        ...inEach((lane) => [...xor(xor(get(to(lane)), p(lane, round)), f(lane, from(lane))), ...set(to(lane))]),
      );
    }
    const swap = (lane) => [...xor(get(right(lane)), p(lane, rounds + 1)), ...get(left(lane))];
    return [...code, ...inEach((lane) => [...swap(lane), ...set(right(lane)), ...set(left(lane))])];
  }

  function expandBy(source) {
    const words = Array.from({ length: pWords }, (_, index) => 4 * index);
    const mix = (base) => (word) =>
      store(zero, xor(load(zero, base + word), load(zero, base + source + word)), base + word);
    const fill = (lane) => [
      ...store(get(at), get(left(lane)), lane * laneBytes),
      ...store(get(at), get(right(lane)), lane * laneBytes + 4),
    ];
    return [
      ...inEach((lane) => words.flatMap(mix(lane * laneBytes))),
      ...[at, ...inEach((lane) => [left(lane), right(lane)])].flatMap((local) => [...zero, ...set(local)]),
      ...repeat([
        ...encipher(),
        ...inEach(fill),
        ...isLess([...add(get(at), constant(8)), ...tee(at)], constant(4 * stateWords)),
      ]),
    ];
  }

  return repeat([...expandBy(keyAt), ...expandBy(saltAt), ...subtract(get(turns), constant(1)), ...tee(turns)]);
}

/** A module of one function of one i32, `run`, over one page of memory, which it imports as `lanes.memory`. */
function encodeModule(code, locals) {
  const section = (id, content) => [id, ...unsigned(content.length), ...content];
  const name = (text) => [text.length, ...Buffer.from(text)];
  const body = [1, ...unsigned(locals), 0x7f, ...code, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 0]),
    ...section(2, [1, ...name('lanes'), ...name('memory'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('run'), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

/** LEB128. */
function unsigned(value) {
  return value < 128 ? [value] : [(value % 128) + 128, ...unsigned(Math.floor(value / 128))];
}

function signed(value) {
  if (value >= -64 && value < 64) return [value & 127];
  return [(value & 127) | 128, ...signed(value >> 7)];
}
