import { randomUUID } from 'node:crypto';
import type { RequestStores, StoresFor } from '@mini-nova/data/request-stores';
import { RequestContext } from '@mini-nova/service';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Forwarded, forwarded } from './forwarded.ts';
import { BadRequest } from './http-errors.ts';
import type { LinkBase } from './links.ts';
import { headerText } from './texts.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request can see and change, and its context. */
    stores: RequestStores;
  }
}

/** Who asks when nobody says so: there is no authentication yet. */
const DEFAULT_ID = 'demo';

const REQUEST_ID = /^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function newRequestId(): string {
  return `req-${randomUUID()}`;
}

/**
 * The context that goes with all RPCs of this request. Without authentication whoever reaches the API (on loopback)
 * runs the cloud, so the context is an administrator's; user and project are what the headers claim.
 */
function contextOfRequest(request: FastifyRequest): RequestContext {
  const caller = header(request, 'x-openstack-request-id');
  return new RequestContext({
    user_id: header(request, 'x-user-id') ?? DEFAULT_ID,
    project_id: projectInPath(request) ?? header(request, 'x-project-id') ?? DEFAULT_ID,
    is_admin: true,
    roles: ['admin', 'member', 'reader'],
    request_id: request.id,
    global_request_id: caller !== undefined && REQUEST_ID.test(caller) ? caller : null,
    remote_address: forwardedOf(request).remoteAddress,
  });
}

/** Binds the stores to the context of each request. After `addForwarding`. */
export function addStores(app: FastifyInstance, storesFor: StoresFor): void {
  app.decorateRequest('stores');
  app.addHook('onRequest', async (request) => {
    request.stores = storesFor(contextOfRequest(request));
  });
}

/** The project is named once, or twice the same. @throws BadRequest */
export function assertOneProject(request: FastifyRequest): void {
  const inPath = projectInPath(request);
  const inHeader = header(request, 'x-project-id');
  if (inPath === undefined || inHeader === undefined || inPath === inHeader) return;
  throw new BadRequest(
    `Malformed request URL: URL's project_id '${inPath}' doesn't match Context's project_id '${inHeader}'`,
  );
}

/** What is in front of the API, and where clients find it and the image service. */
export interface ProxySettings {
  /** Its headers count. */
  isTrusted: boolean;
  /** In the place of the address that a client used; empty: that. */
  computeLinkPrefix?: string;
  /** Empty: there is no image service. */
  glanceLinkPrefix?: string;
}

/** Lets each request know how it came, before anything asks. */
export function addForwarding(app: FastifyInstance, settings: ProxySettings): void {
  app.decorate('proxySettings', settings);
  app.decorateRequest('forwarded');
  app.addHook('onRequest', async (request) => {
    request.setDecorator('forwarded', forwarded(request, settings.isTrusted));
  });
}

export function linkBaseOf(request: FastifyRequest): LinkBase {
  const { computeLinkPrefix, glanceLinkPrefix } = request.server.getDecorator<ProxySettings>('proxySettings');
  const { origin, prefix } = forwardedOf(request);
  const project = projectInPath(request);
  const glance = glanceLinkPrefix?.replace(/\/+$/, '');
  return {
    root: `${computeLinkPrefix?.replace(/\/+$/, '') || origin}${prefix}`,
    projectPath: project === undefined ? '' : `/${encodeURIComponent(project)}`,
    ...(glance && { glance }),
  };
}

function forwardedOf(request: FastifyRequest): Forwarded {
  return request.getDecorator<Forwarded>('forwarded');
}

function projectInPath({ params }: FastifyRequest): string | undefined {
  const { project_id } = params as { project_id?: string };
  return project_id;
}

function header({ headers }: FastifyRequest, name: string): string | undefined {
  const [value] = [headers[name]].flat();
  return value ? headerText(value) : undefined;
}
