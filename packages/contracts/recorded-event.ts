import { z } from 'zod';

/** An audit event as its service recorded it: `body` is canonical JSON, not yet numbered, hashed or given a source. */
export const RecordedEvent = z.strictObject({ id: z.uuid(), body: z.string() });
export type RecordedEvent = z.infer<typeof RecordedEvent>;

/** `GET /events` of users and otp: what nobody has acknowledged yet, oldest first. */
export const EventPage = z.strictObject({ events: z.array(RecordedEvent) });
