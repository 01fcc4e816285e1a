import type { AuditEvent } from '../event/audit-event.ts';
import { type AuditEventType, eventTypeNames } from '../event/event-types.ts';

/** An event of one type. */
export type EventOf<Type extends string> = AuditEvent & { type: Type };

/** Does a team's work with an event. `tools` come from the store. */
export type Handler<Tools, Event = AuditEvent> = (event: Event, tools: Tools) => Promise<void> | void;

/** A handler for each type. */
export type Handlers<Tools> = { [Type in AuditEventType]?: Handler<Tools, EventOf<Type>> };

/** What a consumer wants: `types` is undefined where it wants all, also those that will be added. */
export interface Choice<Tools> {
  types: readonly AuditEventType[] | undefined;
  handle: Handler<Tools>;
}

/** Reads `types` and `onEvent` of a consumer; throws on a type that isn't known, since nothing would ever come of it. */
export function chooseTypes<Tools>(
  onEvent: Handler<Tools> | Handlers<Tools>,
  types?: readonly AuditEventType[],
): Choice<Tools> {
  if (typeof onEvent === 'function') {
    if (types?.length === 0) throw new TypeError('types is empty: leave it out to get all events');
    return { types: types?.map(known), handle: onEvent };
  }
  if (types !== undefined) throw new TypeError('types goes with one handler: the names of several say which types');
  const handlers = new Map(Object.entries(onEvent) as [AuditEventType, Handler<Tools>][]);
  if (handlers.size === 0) throw new TypeError('onEvent has no handler');
  return {
    types: [...handlers.keys()].map(known),
    handle: (event, tools) => handlers.get(event.type as AuditEventType)?.(event, tools),
  };
}

function known(type: string): AuditEventType {
  if (eventTypeNames.includes(type as AuditEventType)) return type as AuditEventType;
  const meant = eventTypeNames.find((name) => name === `sallyport.${type}`);
  throw new TypeError(`unknown type of event: ${type}${meant ? `; did you mean ${meant}?` : ''}`);
}
