import { z } from 'zod';

/** Who asks, as the gateway saw it; handed on inside the service token and written into audit events. A service passes over what a newer gateway adds. */
export const RequestContext = z.object({
  request_id: z.string(),
  ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  session_id: z.uuid().nullable(),
});
export type RequestContext = z.infer<typeof RequestContext>;
