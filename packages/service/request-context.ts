import { randomUUID } from 'node:crypto';
import type { JsonObject, JsonValue } from '@mini-nova/messaging';

/** Which records a request sees. */
export type ReadDeleted = 'no' | 'yes' | 'only';

/** What a `RequestContext` is made of; everything has a default. */
export interface RequestContextOptions {
  user_id?: string | null;
  project_id?: string | null;
  user_name?: string | null;
  project_name?: string | null;
  domain_id?: string | null;
  user_domain_id?: string | null;
  project_domain_id?: string | null;
  system_scope?: string | null;
  is_admin?: boolean;
  is_admin_project?: boolean;
  roles?: readonly string[];
  auth_token?: string | null;
  service_catalog?: readonly JsonValue[];
  /** `req-<uuid>`; made when absent. */
  request_id?: string;
  /** The id of the request in another service that caused this one. */
  global_request_id?: string | null;
  remote_address?: string | null;
  /** When the request came: UTC as ISO 8601 without a zone, as Nova writes it. Now when absent. */
  timestamp?: string;
  resource_uuid?: string | null;
  quota_class?: string | null;
  read_only?: boolean;
  show_deleted?: boolean;
  read_deleted?: ReadDeleted;
  /** Keys of a peer's context that this class does not know; they are passed on unchanged. */
  extra?: JsonObject;
}

/**
 * Who makes a request, and its id. It travels with every RPC, so that the logs of all daemons show which request they
 * served. Immutable.
 */
export class RequestContext {
  readonly user_id: string | null;
  readonly project_id: string | null;
  readonly user_name: string | null;
  readonly project_name: string | null;
  readonly domain_id: string | null;
  readonly user_domain_id: string | null;
  readonly project_domain_id: string | null;
  readonly system_scope: string | null;
  readonly is_admin: boolean;
  readonly is_admin_project: boolean;
  readonly roles: readonly string[];
  readonly auth_token: string | null;
  readonly service_catalog: readonly JsonValue[];
  readonly request_id: string;
  readonly global_request_id: string | null;
  readonly remote_address: string | null;
  readonly timestamp: string;
  readonly resource_uuid: string | null;
  readonly quota_class: string | null;
  readonly read_only: boolean;
  readonly show_deleted: boolean;
  readonly read_deleted: ReadDeleted;
  readonly extra: JsonObject;

  constructor(options: RequestContextOptions = {}) {
    this.user_id = options.user_id ?? null;
    this.project_id = options.project_id ?? null;
    this.user_name = options.user_name ?? null;
    this.project_name = options.project_name ?? null;
    this.domain_id = options.domain_id ?? null;
    this.user_domain_id = options.user_domain_id ?? null;
    this.project_domain_id = options.project_domain_id ?? null;
    this.system_scope = options.system_scope ?? null;
    this.is_admin = options.is_admin ?? false;
    this.is_admin_project = options.is_admin_project ?? true;
    this.roles = options.roles ?? [];
    this.auth_token = options.auth_token ?? null;
    this.service_catalog = options.service_catalog ?? [];
    this.request_id = options.request_id ?? `req-${randomUUID()}`;
    this.global_request_id = options.global_request_id ?? null;
    this.remote_address = options.remote_address ?? null;
    this.timestamp = options.timestamp ?? new Date().toISOString().replace('Z', '000');
    this.resource_uuid = options.resource_uuid ?? null;
    this.quota_class = options.quota_class ?? null;
    this.read_only = options.read_only ?? false;
    this.show_deleted = options.show_deleted ?? false;
    this.read_deleted = options.read_deleted ?? 'no';
    this.extra = options.extra ?? {};
  }

  /** For work that no user asked for: a new request of the service itself. */
  static admin(options: RequestContextOptions = {}): RequestContext {
    return new RequestContext({ ...options, is_admin: true });
  }

  /** From the wire. Keys that are missing or of a wrong type get their defaults, since peers may have any version. */
  static fromDict(values: JsonObject): RequestContext {
    return new RequestContext(fromWire(values));
  }

  /** The same request with an administrator's rights. */
  elevated(options: { read_deleted?: ReadDeleted } = {}): RequestContext {
    const roles = this.roles.includes('admin') ? this.roles : [...this.roles, 'admin'];
    return new RequestContext({ ...this, ...options, is_admin: true, roles });
  }

  /** The wire form: oslo.context's keys and Nova's. */
  toDict(): JsonObject {
    return {
      user: this.user_id,
      project_id: this.project_id,
      system_scope: this.system_scope,
      project: this.project_id,
      domain: this.domain_id,
      user_domain: this.user_domain_id,
      project_domain: this.project_domain_id,
      is_admin: this.is_admin,
      read_only: this.read_only,
      show_deleted: this.show_deleted,
      auth_token: this.auth_token,
      request_id: this.request_id,
      global_request_id: this.global_request_id,
      resource_uuid: this.resource_uuid,
      roles: [...this.roles],
      user_identity: this.#userIdentity(),
      is_admin_project: this.is_admin_project,
      user_id: this.user_id,
      read_deleted: this.read_deleted,
      remote_address: this.remote_address,
      timestamp: this.timestamp,
      quota_class: this.quota_class,
      user_name: this.user_name,
      service_catalog: [...this.service_catalog],
      project_name: this.project_name,
      ...this.extra,
    };
  }

  /** The wire form, so that clients without a RequestContextSerializer can send a context as well. */
  toJSON(): JsonObject {
    return this.toDict();
  }

  #userIdentity(): string {
    const ids = [this.user_id, this.project_id, this.domain_id, this.user_domain_id, this.project_domain_id];
    return ids.map((id) => id || '-').join(' ');
  }
}

function fromWire(values: JsonObject): RequestContextOptions {
  const {
    user,
    user_id,
    project,
    project_id,
    domain,
    user_domain,
    project_domain,
    user_identity,
    ...others
  } = values;
  const { system_scope, is_admin, read_only, show_deleted, auth_token, request_id, ...more } = others;
  const { global_request_id, resource_uuid, roles, is_admin_project, read_deleted, ...rest } = more;
  const { remote_address, timestamp, quota_class, user_name, service_catalog, project_name, ...extra } = rest;
  return {
    user_id: text(user_id) ?? text(user),
    project_id: text(project_id) ?? text(project),
    domain_id: text(domain),
    user_domain_id: text(user_domain),
    project_domain_id: text(project_domain),
    system_scope: text(system_scope),
    is_admin: is_admin === true,
    read_only: read_only === true,
    show_deleted: show_deleted === true,
    auth_token: text(auth_token),
    ...(typeof request_id === 'string' && { request_id }),
    global_request_id: text(global_request_id),
    resource_uuid: text(resource_uuid),
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
    is_admin_project: is_admin_project !== false,
    read_deleted: read_deleted === 'yes' || read_deleted === 'only' ? read_deleted : 'no',
    remote_address: text(remote_address),
    ...(typeof timestamp === 'string' && { timestamp }),
    quota_class: text(quota_class),
    user_name: text(user_name),
    service_catalog: Array.isArray(service_catalog) ? service_catalog : [],
    project_name: text(project_name),
    extra,
  };
}

function text(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
