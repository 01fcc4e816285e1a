const marginMs = 5_000;

/** Whether an age is too close to a limit to say on which side the product will see it. */
export function isNear(age: number, limit: number): boolean {
  return Math.abs(age - limit) < marginMs;
}
