const firstMs = 200;
const longestMs = 1_000;

/** How long to wait after so many failures in a row: 0.2 s doubled up to 1 s, of which a random part of up to half is left out. */
export function backOffMs(failures: number, random: number = Math.random()): number {
  const full = Math.min(firstMs * 2 ** Math.min(failures - 1, 10), longestMs);
  return full * (1 - random / 2);
}
