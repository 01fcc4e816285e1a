import bcrypt from 'bcrypt';

const cost = 4;

/**
 * In words what a comparison says otherwise than the library, in each number of lanes; undefined where nothing.
 * @param {ReturnType<typeof import('./compare-in-lanes.mjs').createComparison>} compare
 * @param {number} most
 */
export function findDisagreement(compare, most) {
  const right = ['', 'a', 'x'.repeat(64), '\u00e4'.repeat(40)];
  for (let lanes = 2; lanes <= most; lanes += 1) {
    const jobs = right.slice(0, lanes).map((input) => ({ input, hash: bcrypt.hashSync(input, cost) }));
    const wrong = jobs.map(({ hash }, at) => ({ input: right[(at + 1) % right.length], hash }));
    if (compare(jobs).includes(false)) return `${lanes} lanes refuse what the library has hashed`;
    if (compare(wrong).includes(true)) return `${lanes} lanes take what the library refuses`;
  }
  return undefined;
}
