import { AuditEvent, canonical, hashEvent, hashPersonal, noHash } from '@sallyport/audit/log';

export interface Watched {
  /** Undefined where the text is none. */
  event: AuditEvent | undefined;
  /** What is wrong with it, a sentence each. */
  faults: string[];
}

interface Place {
  number: number;
  hash: string;
}

/** Holds events to their own hashes and, where none is left out, each to the one before it. */
export function createChainWatch({ leavesOut }: { leavesOut: boolean }): (text: string) => Watched {
  let last: Place | undefined;

  return (text) => {
    const event = readEvent(text);
    if (!event) {
      return { event, faults: [`What comes ${last ? `after event ${last.number}` : 'first'} is no audit event.`] };
    }
    const place = { number: Number(event.sequence), hash: event.hash };
    const faults = [findMisfit(event, text), findMisplacement(event, place.number, last)];
    last = place;
    return { event, faults: faults.filter((fault) => fault !== undefined) };
  };

  function findMisplacement({ prevhash }: AuditEvent, number: number, before?: Place): string | undefined {
    if (!before) return number === 1 && prevhash !== noHash ? 'Event 1 follows another one.' : undefined;
    if (number <= before.number) return `Event ${number} comes after event ${before.number}.`;
    if (leavesOut) return undefined;
    if (number > before.number + 1) return `Between events ${before.number} and ${number} something is missing.`;
    return prevhash === before.hash
      ? undefined
      : `Event ${number} doesn't follow event ${before.number}: one was changed.`;
  }
}

function readEvent(text: string): AuditEvent | undefined {
  try {
    return AuditEvent.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function findMisfit(event: AuditEvent, text: string): string | undefined {
  const { personal, personal_hash } = event.data;
  try {
    if (hashEvent(event) !== event.hash) return `Event ${event.sequence} isn't what its hash says: it was altered.`;
    if (personal !== null && hashPersonal(personal) !== personal_hash) {
      return `The personal data of event ${event.sequence} isn't what its hash says: it was altered.`;
    }
    if (canonical(event) === text) return undefined;
  } catch {
    // Half of a surrogate pair: there is no canonical form.
  }
  return `Event ${event.sequence} isn't in its canonical form.`;
}
