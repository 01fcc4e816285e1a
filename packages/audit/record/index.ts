export { CheckpointBody, EventBody } from '../event/event-body.ts';
export { createEvent, type EventDraft, type EventSource } from './create-event.ts';
export { eventRoutes } from './event-routes.ts';
export { forgetRecorded, record } from './outbox.ts';
export { uuidFrom } from './uuid-from.ts';
