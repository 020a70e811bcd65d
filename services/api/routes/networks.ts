import { findNetwork, listNetworks } from '@mini-nova/data/networks/queries';
import type { FastifyInstance } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';
import { NotFound } from '../http-errors.ts';
import { noParameters, readParameters } from '../queries/parameter.ts';
import { networkDocument } from '../views/network.ts';

export function networkRoutes(app: FastifyInstance, { db }: ApiDependencies): void {
  app.get('/os-networks', async (request) => {
    readParameters(noParameters, request.query, {});
    return { networks: (await listNetworks(db.kysely)).map(networkDocument) };
  });

  app.get<{ Params: { id: string } }>('/os-networks/:id', async (request) => {
    const network = await findNetwork(db.kysely, request.params.id);
    if (!network) throw new NotFound('Network not found');
    return { network: networkDocument(network) };
  });
}
