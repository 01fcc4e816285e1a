/** Waits until the promise settles, whichever way, but no longer than `ms`. */
export async function settleWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([promise.catch(() => undefined), late.promise]);
  clearTimeout(timer);
}
