import type { GatewayRoute } from '../gateway-route.ts';
import { documentPaths } from '../openapi/mount-documents.ts';
import { routes } from './index.ts';

/** One way in from outside, with the authentication that it wants. */
export interface WayIn extends Pick<GatewayRoute, 'path' | 'access'> {
  method: GatewayRoute['method'] | 'any';
}

/** Every way in: the rows of the route table, and what the app mounts beside it. */
export const waysIn: readonly WayIn[] = [
  ...routes.map(({ method, path, access }) => ({ method, path, access })),
  { method: 'any', path: '/verify', access: 'bearer' },
  ...documentPaths.map((path): WayIn => ({ method: 'get', path, access: 'public' })),
];
