import { FlavorNotFound } from '@mini-nova/domain/exceptions';
import type { Flavor } from '@mini-nova/objects';
import type { FastifyRequest } from 'fastify';
import type { Api, ApiDependencies } from '../dependencies.ts';
import { ExtraSpecsAnswer, FlavorAnswer, FlavorDetailAnswer, FlavorListAnswer } from '../documents/flavor.ts';
import type { Link } from '../documents/link.ts';
import { itemPath } from '../documents/values.ts';
import { BadRequest } from '../http-errors.ts';
import { nextLink } from '../links.ts';
import { noParameters, readParameters } from '../queries/parameter.ts';
import { linkBaseOf } from '../request-state.ts';
import { flavorParameters, flavorSearch } from './query.ts';
import { flavorBrief, flavorDocument } from './view.ts';

export function flavorRoutes(app: Api, { settings }: ApiDependencies): void {
  const config = { query: flavorParameters };
  app.get('/flavors', { schema: { response: { 200: FlavorListAnswer } }, config }, async (request) => {
    const { found, links } = await page(request, 'flavors');
    const base = linkBaseOf(request);
    return { flavors: found.map((flavor) => flavorBrief(flavor, base)), ...links };
  });

  app.get(
    '/flavors/detail',
    { schema: { response: { 200: FlavorDetailAnswer } }, config },
    async (request) => {
      const { found, links } = await page(request, 'flavors/detail');
      const base = linkBaseOf(request);
      return { flavors: found.map((flavor) => flavorDocument(flavor, base)), ...links };
    },
  );

  app.get(
    '/flavors/:id',
    { schema: { params: itemPath, response: { 200: FlavorAnswer } } },
    async (request) => {
      const flavor = await request.stores.flavors.getByFlavorid(request.params.id);
      return { flavor: flavorDocument(flavor, linkBaseOf(request)) };
    },
  );

  app.get(
    '/flavors/:id/os-extra_specs',
    { schema: { params: itemPath, response: { 200: ExtraSpecsAnswer } } },
    async (request) => {
      readParameters(noParameters, request, {});
      const flavor = await request.stores.flavors.getByFlavorid(request.params.id);
      return { extra_specs: flavor.extra_specs };
    },
  );

  async function page(
    request: FastifyRequest,
    collection: string,
  ): Promise<{ found: Flavor[]; links: { flavors_links?: Link[] } }> {
    const search = flavorSearch(request, settings.maxLimit);
    const found = await find(request, search);
    const last = found.length === search.limit ? found.at(-1) : undefined;
    if (!last) return { found, links: {} };
    const links = [nextLink(linkBaseOf(request), collection, request.query, last.flavorid)];
    return { found, links: { flavors_links: links } };
  }

  async function find(
    { stores }: FastifyRequest,
    search: ReturnType<typeof flavorSearch>,
  ): Promise<Flavor[]> {
    try {
      return [...(await stores.flavors.list(search))];
    } catch (error) {
      if (error instanceof FlavorNotFound) throw new BadRequest(`marker [${search.marker}] not found`);
      throw error;
    }
  }
}
