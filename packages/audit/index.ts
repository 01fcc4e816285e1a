export { canonical, sha256Hex } from './canonical.ts';
export { createEvent, type EventDraft, type EventSource } from './create-event.ts';
export { EventBody } from './event-body.ts';
export { eventRoutes } from './event-routes.ts';
export { record } from './outbox.ts';
