import type { PartName } from './part-environment.ts';
import type { ReadyLine } from './part-output.ts';

/** The ready line, and the first things to try. */
export function createWelcome(parts: Record<PartName, ReadyLine>): string {
  const { url } = parts.gateway;
  return `Sallyport is ready ${url}

  sign up     curl ${url}/signup -H 'content-type: application/json' -d '{"username":"ada","password":"two doors, one key"}'
  log in      curl ${url}/login -H 'content-type: application/json' -d '{"username":"ada","password":"two doors, one key"}'
  the API     ${url}/docs and ${url}/openapi.json
  the events  ${url}/audit/events, for the roles audit and admin: ADMIN_USERNAME and ADMIN_PASSWORD make the first admin
  health      ${parts.gateway.opsUrl}/readyz and /metrics (users ${parts.users.opsUrl}, otp ${parts.otp.opsUrl})

  README.md shows the rest. Ctrl-C stops everything.
`;
}
