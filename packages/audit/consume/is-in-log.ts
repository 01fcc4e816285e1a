import type { Damaged } from './damage.ts';
import type { HttpLog, Place } from './http-log.ts';

/**
 * Whether the log over HTTP has this very event. If it ends below, nothing is said of the event: the log may be another
 * installation's, or an old copy, and that is damage.
 */
export async function isInLog(http: HttpLog, place: Place, damaged: Damaged): Promise<boolean> {
  const found = await http.lookUp(place);
  if (found === 'beyond') damaged('the log over HTTP ends too early', { sequence: String(place.sequence) });
  return found === 'there';
}
