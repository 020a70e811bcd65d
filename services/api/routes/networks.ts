import type { FastifyInstance } from 'fastify';
import { NotFound } from '../http-errors.ts';
import { noParameters, readParameters } from '../queries/parameter.ts';
import { networkDocument } from '../views/network.ts';

export function networkRoutes(app: FastifyInstance): void {
  app.get('/os-networks', async (request) => {
    readParameters(noParameters, request.query, {});
    return { networks: (await request.stores.networks.list()).map(networkDocument) };
  });

  app.get<{ Params: { id: string } }>('/os-networks/:id', async (request) => {
    const network = await request.stores.networks.find(request.params.id);
    if (!network) throw new NotFound('Network not found');
    return { network: networkDocument(network) };
  });
}
