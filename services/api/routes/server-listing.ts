import type { Instance } from '@mini-nova/objects';
import type { FastifyRequest } from 'fastify';
import { FlavorNotFound, InstanceNotFound } from '../../exceptions.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { BadRequest } from '../http-errors.ts';
import { type Link, nextLink } from '../links.ts';
import { contextOfRequest, linkBaseOf } from '../request-state.ts';
import type { ListServersQuery } from '../schemas/servers.ts';
import { type ServerFilters, serverFilters } from './server-query.ts';

export type ListRequest = FastifyRequest<{ Querystring: ListServersQuery }>;

/** One page of a list, newest first. */
export interface ServerPage {
  instances: Instance[];
  /** To the next page, when this one is full. */
  links: { servers_links?: Link[] };
}

/** Finds the servers that a list request asks for. */
export class ServerListing {
  readonly #dependencies: ApiDependencies;

  constructor(dependencies: ApiDependencies) {
    this.#dependencies = dependencies;
  }

  /** `collection`: the path of the list, for its links. @throws BadRequest */
  async page(request: ListRequest, collection: string): Promise<ServerPage> {
    const { project_id: projectId } = contextOfRequest(request);
    const { maxLimit } = this.#dependencies.settings;
    const filters = serverFilters(request.query, { projectId, maxLimit });
    if (!filters) return { instances: [], links: {} };
    const instances = await this.#find(filters);
    const last = instances.at(-1);
    if (!last || instances.length < filters.limit) return { instances, links: {} };
    const query = request.query as Record<string, string | string[]>;
    return {
      instances,
      links: { servers_links: [nextLink(linkBaseOf(request), collection, query, last.uuid)] },
    };
  }

  async #find({ flavorid, ...filters }: ServerFilters): Promise<Instance[]> {
    const flavor = flavorid === undefined ? {} : await this.#flavorFilter(flavorid);
    if (!flavor) return [];
    try {
      return [...(await this.#dependencies.instances.list({ ...filters, ...flavor }))];
    } catch (error) {
      if (error instanceof InstanceNotFound) throw new BadRequest(`marker [${filters.marker}] not found`);
      throw error;
    }
  }

  /** Undefined: there is no such flavor. */
  async #flavorFilter(flavorid: string): Promise<{ instanceTypeId: number } | undefined> {
    try {
      return { instanceTypeId: (await this.#dependencies.flavors.getByFlavorid(flavorid)).id };
    } catch (error) {
      if (error instanceof FlavorNotFound) return undefined;
      throw error;
    }
  }
}
