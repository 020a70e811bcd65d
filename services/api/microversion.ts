import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { assertBody } from './body-check.ts';
import { BadRequest, HttpError, NotFound } from './http-errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The microversion in which the request is answered. */
    microversion: Microversion;
  }
  interface FastifyContextConfig {
    /** The microversions in which the route exists. Default: all that are supported; `any`: unsupported ones, too. */
    microversions?: VersionRange | 'any';
    /** Its body by microversion, for a route whose body has changed. */
    bodies?: readonly VersionedBody[];
  }
}

/** From one microversion to another, each included: `2.1`. */
export interface VersionRange {
  from: string;
  /** Default: the last one. */
  to?: string;
}

export interface VersionedBody extends VersionRange {
  schema: object;
}

/** The microversions that are supported. */
export interface SpokenVersions {
  min: string;
  max: string;
}

export const SPOKEN: SpokenVersions = { min: '2.1', max: '2.1' };

const STANDARD = 'openstack-api-version';
const LEGACY = 'x-openstack-nova-api-version';

export class Microversion {
  readonly major: number;
  readonly minor: number;

  private constructor(major: number, minor: number) {
    this.major = major;
    this.minor = minor;
  }

  /** Undefined: the text is not a microversion. */
  static parse(text: string): Microversion | undefined {
    const [, major, minor] = /^([1-9]\d*)\.([1-9]\d*|0)$/.exec(text) ?? [];
    return major === undefined ? undefined : new Microversion(Number(major), Number(minor));
  }

  /** @throws TypeError when the text is not a microversion */
  static of(text: string): Microversion {
    const version = Microversion.parse(text);
    if (version === undefined) throw new TypeError(`${text} is no microversion`);
    return version;
  }

  isIn({ from, to }: VersionRange): boolean {
    return this.#compare(from) >= 0 && (to === undefined || this.#compare(to) <= 0);
  }

  toString(): string {
    return `${this.major}.${this.minor}`;
  }

  #compare(text: string): number {
    const other = Microversion.of(text);
    return this.major - other.major || this.minor - other.minor;
  }
}

/** The request asks for a microversion that is not supported. */
export class VersionNotSupported extends HttpError {
  override readonly code = 'VERSION_NOT_SUPPORTED';

  constructor(version: string, { min, max }: SpokenVersions) {
    super(406, `Version ${version} is not supported by the API. Minimum is ${min} and maximum is ${max}.`);
  }
}

/**
 * Reads the microversion that each request asks for, and refuses the request unless that is supported and has the
 * route. The request carries it, and the headers of every answer name it.
 */
export function addMicroversions(app: FastifyInstance, spoken: SpokenVersions = SPOKEN): void {
  const oldest = Microversion.of(spoken.min);
  app.decorateRequest('microversion');
  app.addHook('onRequest', (request, reply, done) => {
    request.microversion = oldest;
    nameVersion(reply, spoken.min);
    done();
  });
  // After the checks of the request's headers, and before its body is read.
  app.addHook('preParsing', async (request, reply) => {
    if (request.is404 || request.routeOptions.config.microversions === 'any') return;
    negotiate(request, reply, spoken);
  });
  app.addHook('preValidation', async (request) => {
    const { bodies = [] } = request.routeOptions.config;
    const body = bodies.find((range) => request.microversion.isIn(range));
    if (body) assertBody(request, body.schema);
  });
}

/** @throws VersionNotSupported, BadRequest, NotFound */
function negotiate(request: FastifyRequest, reply: FastifyReply, spoken: SpokenVersions): void {
  const { headers, routeOptions } = request;
  const wanted = standardVersion(headers[STANDARD]) ?? lastOf(headers[LEGACY]) ?? spoken.min;
  const version = Microversion.parse(wanted === 'latest' ? spoken.max : wanted);
  if (version === undefined) {
    throw new BadRequest(
      `API Version String ${wanted} is of invalid format. Must be of format MajorNum.MinorNum.`,
    );
  }
  nameVersion(reply, String(version));
  if (!version.isIn({ from: spoken.min, to: spoken.max })) throw new VersionNotSupported(wanted, spoken);
  const { microversions } = routeOptions.config;
  if (typeof microversions === 'object' && !version.isIn(microversions)) {
    throw new NotFound(`API version ${version} is not supported on this method.`);
  }
  request.microversion = version;
}

function nameVersion(reply: FastifyReply, version: string): void {
  reply.headers({
    [STANDARD]: `compute ${version}`,
    [LEGACY]: version,
    vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
  });
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
