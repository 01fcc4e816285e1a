import type { RecordedEvent, RequestContext } from '@sallyport/contracts';
import { canonical } from '../chain/canonical.ts';
import { hashPersonal } from '../chain/hash-event.ts';
import { EventBody } from '../event/event-body.ts';
import type { EventDraft } from './event-draft.ts';
import { uuidFrom } from './uuid-from.ts';

/** Where an event's time and randomness come from: milliseconds since 1970, and bytes of a CSPRNG. */
export interface EventSource {
  now: () => number;
  randomBytes: (count: number) => Buffer;
}

/** Printable ASCII, which is what nearly all of it is. */
const plainText = /^[ -~]*$/;

const idBytes = 16;
const saltBytes = 32;

/**
 * Builds an event ready to be recorded: strings cleaned and cut, personal data under `data.personal` with a salted
 * hash beside it (so that it can be taken out later), validated, canonicalised once.
 */
export function createEvent(draft: EventDraft, context: RequestContext, source: EventSource): RecordedEvent {
  const account = draft.subject === null ? null : { type: 'account', id: draft.subject };
  const random = source.randomBytes(idBytes + saltBytes);
  const personal = {
    ip: clean(context.ip, 64),
    salt: random.toString('hex', idBytes),
    user_agent: clean(context.user_agent, 512),
    username: clean(draft.username ?? null, 254),
  };
  const body: EventBody = {
    id: uuidFrom(random.subarray(0, idBytes)),
    type: draft.type,
    ...(draft.subject === null ? {} : { subject: draft.subject }),
    time: new Date(source.now()).toISOString(),
    data: {
      outcome: draft.outcome,
      reason: clean(draft.reason ?? null, 200),
      actor: draft.actor ?? account,
      target: draft.target ?? account,
      client: null,
      session_id: draft.sessionId ?? context.session_id,
      request_id: clean(context.request_id, 64),
      amr: draft.amr ? [...draft.amr] : null,
      count: draft.count ?? 1,
      personal_hash: hashPersonal(personal),
      personal,
    },
  };
  return { id: body.id, body: canonical(EventBody.parse(body)) };
}

/** Well-formed Unicode without controls, line separators or bidi marks, at most `max` code points. */
function clean(text: string | null, max: number): string | null {
  if (text === null || (text.length <= max && plainText.test(text))) return text;
  const plain = text.slice(0, 4 * max).toWellFormed();
  return Array.from(plain.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' '))
    .slice(0, max)
    .join('');
}
