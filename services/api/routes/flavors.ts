import type { FastifyInstance } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';
import { linkBaseOf } from '../request-state.ts';
import { flavorBrief, flavorDocument } from '../views/flavor.ts';

export function flavorRoutes(app: FastifyInstance, { flavors }: ApiDependencies): void {
  app.get('/flavors', async (request) => {
    const base = linkBaseOf(request);
    return { flavors: [...(await flavors.list())].map((flavor) => flavorBrief(flavor, base)) };
  });

  app.get('/flavors/detail', async (request) => {
    const base = linkBaseOf(request);
    return { flavors: [...(await flavors.list())].map((flavor) => flavorDocument(flavor, base)) };
  });

  app.get<{ Params: { id: string } }>('/flavors/:id', async (request) => {
    const flavor = await flavors.getByFlavorid(request.params.id);
    return { flavor: flavorDocument(flavor, linkBaseOf(request)) };
  });

  app.get<{ Params: { id: string } }>('/flavors/:id/os-extra_specs', async (request) => {
    const flavor = await flavors.getByFlavorid(request.params.id);
    return { extra_specs: flavor.extra_specs };
  });
}
