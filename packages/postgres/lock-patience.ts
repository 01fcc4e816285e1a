const groupMs = 200;

/**
 * What a statement of a group reads beside its items, so that it waits for no lock longer than 200 ms: then it has changed
 * nothing, and `gathered` asks for each item alone. One that is alone waits for as long as statements do.
 */
export const lockPatience = (parameter: number) =>
  `(select set_config('lock_timeout', $${parameter}::text, true)) as patience`;

/** The parameter of it. */
export function patienceOf(items: readonly unknown[]): string | null {
  return items.length > 1 ? `${groupMs}ms` : null;
}
