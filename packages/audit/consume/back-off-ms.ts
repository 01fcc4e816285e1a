/** How long to wait after so many failures in a row: doubled each time up to the longest, of which a random half may be left out. */
export function backOffMs(failures: number, firstMs: number, longestMs: number): number {
  const full = Math.min(firstMs * 2 ** Math.min(failures - 1, 20), longestMs);
  return full * (1 - Math.random() / 2);
}
