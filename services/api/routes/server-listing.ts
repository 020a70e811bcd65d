import { InvalidPattern } from '@mini-nova/database';
import { FlavorNotFound, InstanceNotFound } from '@mini-nova/domain/exceptions';
import type { Instance } from '@mini-nova/objects';
import type { FastifyRequest } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';
import type { Link } from '../documents/link.ts';
import { BadRequest } from '../http-errors.ts';
import { nextLink } from '../links.ts';
import { type ServerSearch, serverSearch } from '../queries/servers.ts';
import { contextOfRequest, linkBaseOf } from '../request-state.ts';

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
  async page(request: FastifyRequest, collection: string): Promise<ServerPage> {
    const { project_id: projectId } = contextOfRequest(request);
    const { maxLimit } = this.#dependencies.settings;
    const search = serverSearch(request.query, { projectId, maxLimit });
    const instances = await this.#find(search);
    const last = instances.length === search.limit ? instances.at(-1) : undefined;
    if (!last) return { instances, links: {} };
    const links = [nextLink(linkBaseOf(request), collection, request.query, last.uuid)];
    return { instances, links: { servers_links: links } };
  }

  async #find({ flavorid, ...search }: ServerSearch): Promise<Instance[]> {
    const flavor = flavorid === undefined ? [] : await this.#flavorCondition(flavorid);
    if (!flavor) return [];
    const conditions = [...(search.conditions ?? []), ...flavor];
    try {
      return [...(await this.#dependencies.instances.search({ ...search, conditions }))];
    } catch (error) {
      if (error instanceof InstanceNotFound) throw new BadRequest(`marker [${search.marker}] not found`);
      if (error instanceof InvalidPattern) throw new BadRequest(error.message, { cause: error });
      throw error;
    }
  }

  /** Undefined: there is no such flavor. */
  async #flavorCondition(flavorid: string): Promise<[{ flavor: number }] | undefined> {
    try {
      return [{ flavor: (await this.#dependencies.flavors.getByFlavorid(flavorid)).id }];
    } catch (error) {
      if (error instanceof FlavorNotFound) return undefined;
      throw error;
    }
  }
}
