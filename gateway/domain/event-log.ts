import { type Actor, createEvent, type EventDraft, type EventSource } from '@sallyport/audit/record';
import type { RecordedEvent, RequestContext } from '@sallyport/contracts';
import type { EventBatch } from '../audit/store/outbox.ts';

/** Gathers the events of one request until they are written with whatever they record. */
export class EventLog implements EventBatch {
  readonly collected: EventBatch['collected'] = [];
  readonly own: RecordedEvent[] = [];
  readonly #request: RequestContext;
  readonly #source: EventSource;
  readonly #actor: Actor | undefined;

  /** @param actor who does all of it, where that isn't the account that each event is about */
  constructor(source: EventSource, request: RequestContext, actor?: Actor) {
    this.#source = source;
    this.#request = request;
    this.#actor = actor;
  }

  /** Takes over what a service recorded during a call; its answer may carry none. */
  collect(source: 'users' | 'otp', answer: { outcome: string; events?: RecordedEvent[] }): void {
    if (answer.events?.length) this.collected.push({ source, events: answer.events });
  }

  add(draft: EventDraft): void {
    this.own.push(this.#create(draft));
  }

  /** What is gathered so far and more events, which may yet turn out not to have happened. */
  with(...drafts: EventDraft[]): EventBatch {
    return { collected: this.collected, own: [...this.own, ...drafts.map((draft) => this.#create(draft))] };
  }

  #create(draft: EventDraft): RecordedEvent {
    return createEvent({ ...draft, actor: draft.actor ?? this.#actor }, this.#request, this.#source);
  }
}
