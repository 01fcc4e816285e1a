// Blowfish begins with the fraction of pi, so that nobody could choose its tables: 18 words of P and four S-boxes of 256.
// Computed by Machin's formula, 16 arctan(1/5) - 4 arctan(1/239), instead of copied.

export const pWords = 18;
export const stateWords = pWords + 4 * 256;

const guardBits = 64n;

/**
 * The first words of the fraction of pi, 32 bits each, the most significant first.
 * @param {number} words
 */
export function computePi(words) {
  const bits = BigInt(32 * words) + guardBits;
  const one = 1n << bits;
  const pi = 16n * arctanOfInverse(5n, one) - 4n * arctanOfInverse(239n, one);
  const digits = ((pi % one) >> guardBits).toString(16).padStart(8 * words, '0');
  return Uint32Array.from({ length: words }, (_, at) => Number.parseInt(digits.slice(8 * at, 8 * at + 8), 16));
}

function arctanOfInverse(x, one) {
  let sum = 0n;
  let sign = 1n;
  for (let power = one / x, n = 1n; power > 0n; power /= x * x, n += 2n) {
    sum += (sign * power) / n;
    sign = -sign;
  }
  return sum;
}
