export { CheckpointBody, EventBody } from '../event/event-body.ts';
export { createEvent, type EventSource } from './create-event.ts';
export type { Account, Actor, EventDraft, Order, ReasonOf } from './event-draft.ts';
export { eventRoutes } from './event-routes.ts';
export * from './events/gateway-events.ts';
export * from './events/otp-events.ts';
export * from './events/users-events.ts';
export { foldEvent, foldKeyOf } from './fold.ts';
export { record } from './outbox.ts';
