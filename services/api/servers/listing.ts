import type { RequestInstances, RequestStores } from '@mini-nova/data/request-stores';
import { InvalidPattern } from '@mini-nova/database';
import { FlavorNotFound, InstanceNotFound } from '@mini-nova/domain/exceptions';
import type { Instance } from '@mini-nova/objects';
import type { FastifyRequest } from 'fastify';
import type { ApiSettings } from '../dependencies.ts';
import type { Link } from '../documents/link.ts';
import { BadRequest } from '../http-errors.ts';
import { nextLink } from '../links.ts';
import { linkBaseOf } from '../request-state.ts';
import { type ServerSearch, serverSearch } from './query.ts';

/** One page of a list, newest first. */
export interface ServerPage {
  instances: Instance[];
  /** What they were searched in: the instances of the request's project, or of all. */
  among: RequestInstances;
  /** To the next page, when this one is full. */
  links: { servers_links?: Link[] };
}

/** The servers that a list request asks for. `collection`: the path of the list, for its links. @throws BadRequest */
export async function serverPage(
  request: FastifyRequest,
  collection: string,
  { maxLimit }: ApiSettings,
): Promise<ServerPage> {
  const { stores } = request;
  const { allProjects, ...search } = serverSearch(request, maxLimit);
  const among = allProjects ? stores.instances.ofAllProjects() : stores.instances;
  const instances = await find(among, stores, search);
  const last = instances.length === search.limit ? instances.at(-1) : undefined;
  if (!last) return { instances, among, links: {} };
  const links = [nextLink(linkBaseOf(request), collection, request.query, last.uuid)];
  return { instances, among, links: { servers_links: links } };
}

async function find(
  among: RequestInstances,
  stores: RequestStores,
  { flavorid, ...search }: Omit<ServerSearch, 'allProjects'>,
): Promise<Instance[]> {
  const flavor = flavorid === undefined ? [] : await flavorCondition(stores, flavorid);
  if (!flavor) return [];
  const conditions = [...(search.conditions ?? []), ...flavor];
  try {
    return [...(await among.search({ ...search, conditions }))];
  } catch (error) {
    if (error instanceof InstanceNotFound) throw new BadRequest(`marker [${search.marker}] not found`);
    if (error instanceof InvalidPattern) throw new BadRequest(error.message, { cause: error });
    throw error;
  }
}

/** Undefined: there is no such flavor. */
async function flavorCondition(
  { flavors }: RequestStores,
  flavorid: string,
): Promise<[{ flavor: number }] | undefined> {
  try {
    return [{ flavor: (await flavors.getByFlavorid(flavorid)).id }];
  } catch (error) {
    if (error instanceof FlavorNotFound) return undefined;
    throw error;
  }
}
