import type { FastifyReply, FastifyRequest } from 'fastify';
import { BadRequest, HttpError } from './http-errors.ts';

/** The one microversion that is spoken. */
export const API_VERSION = '2.1';

const STANDARD = 'openstack-api-version';
const LEGACY = 'x-openstack-nova-api-version';

/** The request asks for a microversion that is not spoken. */
export class VersionNotSupported extends HttpError {
  override readonly code = 'VERSION_NOT_SUPPORTED';

  constructor(version: string) {
    super(
      406,
      `Version ${version} is not supported by the API. Minimum is ${API_VERSION} and maximum is ${API_VERSION}.`,
    );
  }
}

/** Says in the answer which version it has. */
export function nameVersion(reply: FastifyReply, version = API_VERSION): void {
  reply.headers({
    [STANDARD]: `compute ${version}`,
    [LEGACY]: version,
    vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
  });
}

/** That the version asked for is spoken: our answer would be that of another. @throws VersionNotSupported, BadRequest */
export function assertVersion({ headers }: FastifyRequest, reply: FastifyReply): void {
  const version = standardVersion(headers[STANDARD]) ?? lastOf(headers[LEGACY]);
  if (version === undefined || version === API_VERSION || version === 'latest') return;
  if (!/^[1-9]\d*\.([1-9]\d*|0)$/.test(version)) {
    throw new BadRequest(
      `API Version String ${version} is of invalid format. Must be of format MajorNum.MinorNum.`,
    );
  }
  nameVersion(reply, version);
  throw new VersionNotSupported(version);
}

/** Of the last entry for this service: `compute 2.1`; other services have their own. */
function standardVersion(header: string | string[] | undefined): string | undefined {
  for (const entry of entriesOf(header).reverse()) {
    const [, version] = /^compute\s+(.+)$/i.exec(entry) ?? [];
    if (version !== undefined) return version;
  }
  return undefined;
}

function lastOf(header: string | string[] | undefined): string | undefined {
  return entriesOf(header).at(-1);
}

function entriesOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return [header].flat().flatMap((value) => value.split(',').map((entry) => entry.trim()));
}
