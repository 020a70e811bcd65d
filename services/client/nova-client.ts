import type {
  CreateServerBody,
  FlavorDocument,
  HypervisorDocument,
  ImageDocument,
  InterfaceDocument,
  NetworkDocument,
  ServerDocument,
  ServiceDocument,
} from '@mini-nova/api/documents';
import { CommandError } from './errors.ts';
import type { Query, RestClient } from './rest-client.ts';

/** A page of a list: `servers`, and `servers_links` when there may be another. */
type Page<T> = Record<string, T[] | { rel: string; href: string }[] | undefined>;

/** The compute API, a method per request. All throw ApiError and EndpointUnreachable. */
export class NovaClient {
  readonly #rest: RestClient;

  constructor(rest: RestClient) {
    this.#rest = rest;
  }

  /** The id of the (first) new server. */
  async createServer(server: CreateServerBody['server']): Promise<{ id: string; adminPass: string }> {
    const { server: created } = await this.#rest.send<{ server: { id: string; adminPass: string } }>(
      'POST',
      '/servers',
      { server },
    );
    return created;
  }

  /** The reservation under which the new servers are found. */
  async createServers(server: CreateServerBody['server']): Promise<string> {
    const body = { server: { ...server, return_reservation_id: true } };
    const { reservation_id } = await this.#rest.send<{ reservation_id: string }>('POST', '/servers', body);
    return reservation_id;
  }

  /** Newest first. With a `limit` one page, else page after page until the last. */
  async listServers(query: Query = {}): Promise<ServerDocument[]> {
    return this.#list('servers', query);
  }

  async getServer(id: string): Promise<ServerDocument> {
    const { server } = await this.#rest.get<{ server: ServerDocument }>(`/servers/${part(id)}`);
    return server;
  }

  async deleteServer(id: string): Promise<void> {
    await this.#rest.send('DELETE', `/servers/${part(id)}`);
  }

  async serverAction<T = undefined>(id: string, action: Record<string, unknown>): Promise<T> {
    return this.#rest.send<T>('POST', `/servers/${part(id)}/action`, action);
  }

  async listInterfaces(serverId: string): Promise<InterfaceDocument[]> {
    const path = `/servers/${part(serverId)}/os-interface`;
    const { interfaceAttachments } = await this.#rest.get<{ interfaceAttachments: InterfaceDocument[] }>(
      path,
    );
    return interfaceAttachments;
  }

  async attachInterface(
    serverId: string,
    interfaceAttachment: { net_id?: string; port_id?: string; fixed_ips?: { ip_address: string }[] },
  ): Promise<InterfaceDocument> {
    const path = `/servers/${part(serverId)}/os-interface`;
    const attached = await this.#rest.send<{ interfaceAttachment: InterfaceDocument }>('POST', path, {
      interfaceAttachment,
    });
    return attached.interfaceAttachment;
  }

  async detachInterface(serverId: string, portId: string): Promise<void> {
    await this.#rest.send('DELETE', `/servers/${part(serverId)}/os-interface/${part(portId)}`);
  }

  /** Public ones, unless the query says otherwise. */
  async listFlavors(query: Query = {}): Promise<FlavorDocument[]> {
    return this.#list('flavors', query);
  }

  async listImages(): Promise<ImageDocument[]> {
    return this.#list('images', {});
  }

  async listNetworks(): Promise<NetworkDocument[]> {
    return (await this.#rest.get<{ networks: NetworkDocument[] }>('/os-networks')).networks;
  }

  async listServices(query: Query = {}): Promise<ServiceDocument[]> {
    return (await this.#rest.get<{ services: ServiceDocument[] }>('/os-services', query)).services;
  }

  /** `verb`: enable, disable, disable-log-reason or force-down. Answers what was set. */
  async updateService(verb: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { service } = await this.#rest.send<{ service: Record<string, unknown> }>(
      'PUT',
      `/os-services/${verb}`,
      body,
    );
    return service;
  }

  async deleteService(id: number): Promise<void> {
    await this.#rest.send('DELETE', `/os-services/${id}`);
  }

  async listHypervisors(): Promise<HypervisorDocument[]> {
    return (await this.#rest.get<{ hypervisors: HypervisorDocument[] }>('/os-hypervisors/detail'))
      .hypervisors;
  }

  /** Page after page, unless the query has a limit. */
  async #list<T extends { id: string }>(collection: string, query: Query): Promise<T[]> {
    const items: T[] = [];
    for (let marker = query.marker; ; marker = items.at(-1)?.id) {
      const page = await this.#rest.get<Page<T>>(`/${collection}/detail`, { ...query, marker });
      const found = page[collection] as T[];
      items.push(...found);
      const isLast = page[`${collection}_links`] === undefined || found.length === 0;
      if (query.limit !== undefined || isLast) return items;
    }
  }
}

/**
 * An id as a part of a path. An empty one, `.` and `..` would lead to the path above it, even when encoded: the
 * interface `..` of a server would be the server itself.
 *
 * @throws CommandError
 */
function part(id: string): string {
  if (/^\.{0,2}$/.test(id)) throw new CommandError(`ERROR (CommandError): '${id}' is no ID.`);
  return encodeURIComponent(id);
}
