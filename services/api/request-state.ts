import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import type { RequestStores, StoresFor } from '@mini-nova/data/request-stores';
import { RequestContext } from '@mini-nova/service';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BadRequest } from './http-errors.ts';
import type { LinkBase } from './links.ts';
import { headerText } from './texts.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the request can see and change, and its context. */
    stores: RequestStores;
  }
}

/** User and project of requests that name none: there is no authentication yet. */
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

/** Checks that path and header do not name different projects. @throws BadRequest */
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
  /** Whether its headers count. */
  isTrusted: boolean;
  /** Replaces the address that a client used; empty: that address stays. */
  computeLinkPrefix?: string;
  /** Empty: there is no image service. */
  glanceLinkPrefix?: string;
}

/** Notes on each request how it reached us, before anything needs it. */
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

/** Where a client sent its request to, and from. */
export interface Forwarded {
  /** `https://cloud.example.org` */
  origin: string;
  /** The path in front of ours, such as `/compute`, or empty. */
  prefix: string;
  /** The client's address. */
  remoteAddress: string;
}

/** A name or an address, with or without a port. */
const HOST = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;
const PREFIX = /^(\/[a-z0-9._~!$&'()*+,;=:@%-]+)+\/?$/i;

/**
 * Where the client sent the request: by the request itself or, behind a trusted proxy, by the proxy's headers. As in
 * oslo.middleware, `Forwarded` counts before `X-Forwarded-Proto`, `-Host` and `-For`, and `X-Forwarded-Prefix` is read
 * in any case. Of several proxies the first is the one that the client knows. What goes into links is checked, since a
 * client may have made it up.
 *
 * @throws BadRequest
 */
export function forwarded(request: FastifyRequest, isTrusted: boolean): Forwarded {
  const { headers, protocol, ip } = request;
  const said = isTrusted ? proxyOf(headers) : {};
  const scheme = said.proto?.toLowerCase() ?? protocol;
  if (scheme !== 'http' && scheme !== 'https')
    throw new BadRequest('Invalid protocol in a header of a proxy.');
  const host = said.host ?? headers.host ?? ownAddress(request);
  if (!HOST.test(host)) throw new BadRequest('Invalid host in a header.');
  // A proxy that puts nothing in front may say so by a slash.
  const prefix = said.prefix?.replace(/^\/$/, '') ?? '';
  if (prefix !== '' && !PREFIX.test(prefix)) throw new BadRequest('Invalid prefix in a header of a proxy.');
  return {
    origin: `${scheme}://${host}`,
    prefix: prefix.replace(/\/$/, ''),
    remoteAddress: addressOf(said.for) ?? ip,
  };
}

interface Proxy {
  proto?: string;
  host?: string;
  for?: string;
  prefix?: string;
}

function proxyOf(headers: FastifyRequest['headers']): Proxy {
  const prefix = firstOf(headers['x-forwarded-prefix']);
  const standard = firstOf(headers.forwarded);
  if (standard !== undefined) return { ...parsed(standard), ...(prefix !== undefined && { prefix }) };
  const said = {
    proto: firstOf(headers['x-forwarded-proto']),
    host: firstOf(headers['x-forwarded-host']),
    for: firstOf(headers['x-forwarded-for']),
    prefix,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

/** `for=192.0.2.60;proto=https;host="cloud.example.org:443"` */
function parsed(element: string): Proxy {
  // All pairs are parsed, since a quoted value may look like another pair.
  const pairs = [...element.matchAll(/(?:^|;)\s*([^\s;="]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)/g)];
  const said = pairs.map(
    ([, name = '', value = '']) => [name.toLowerCase(), unquoted(value.trim())] as const,
  );
  return Object.fromEntries(said.filter(([name]) => name === 'proto' || name === 'host' || name === 'for'));
}

function unquoted(value: string): string {
  return /^".*"$/s.test(value) ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}

/** The first element of a list, in which commas may be quoted; an empty one says nothing. */
function firstOf(header: string | string[] | undefined): string | undefined {
  const text = [header ?? ''].flat()[0] ?? '';
  let isQuoted = false;
  let end = 0;
  for (; end < text.length && (isQuoted || text[end] !== ','); end++) {
    if (text[end] === '"') isQuoted = !isQuoted;
    else if (isQuoted && text[end] === '\\') end++;
  }
  return text.slice(0, end).trim() || undefined;
}

/** The IP address of `192.0.2.60`, `192.0.2.60:4711`, `[2001:db8::1]:4711`; a proxy may hide it behind a name. */
function addressOf(node: string | undefined): string | undefined {
  if (node === undefined) return undefined;
  const address = node.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([0-9.]+):\d+$/, '$1');
  return isIP(address) > 0 ? address : undefined;
}

/** HTTP/1.0 names no host. */
function ownAddress({ socket }: FastifyRequest): string {
  const { localAddress = '127.0.0.1', localPort } = socket;
  return `${isIP(localAddress) === 6 ? `[${localAddress}]` : localAddress}:${localPort}`;
}
