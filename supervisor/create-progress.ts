const everyMs = 1_000;

/**
 * Tells how far a long work has come, once a second at most: `4000 of 90000 rows, 2100 a second`.
 * @param what what is counted
 */
export function createProgress(nowMs: () => number, print: (line: string) => void, what = 'rows') {
  const startedMs = nowMs();
  let toldMs = startedMs;
  return (done: number, total?: number): void => {
    const now = nowMs();
    if (now - toldMs < everyMs) return;
    toldMs = now;
    const of = total === undefined ? '' : ` of ${total}`;
    print(`${done}${of} ${what}, ${Math.round((done * 1_000) / (now - startedMs))} a second`);
  };
}
