import type { Api } from '../dependencies.ts';
import { NetworkAnswer, NetworkListAnswer } from '../documents/network.ts';
import { itemPath } from '../documents/values.ts';
import { NotFound } from '../http-errors.ts';
import { noParameters, readParameters } from '../queries/parameter.ts';
import { networkDocument } from './view.ts';

export function networkRoutes(app: Api): void {
  app.get('/os-networks', { schema: { response: { 200: NetworkListAnswer } } }, async (request) => {
    readParameters(noParameters, request, {});
    return { networks: (await request.stores.networks.list()).map(networkDocument) };
  });

  app.get(
    '/os-networks/:id',
    { schema: { params: itemPath, response: { 200: NetworkAnswer } } },
    async (request) => {
      const network = await request.stores.networks.find(request.params.id);
      if (!network) throw new NotFound('Network not found');
      return { network: networkDocument(network) };
    },
  );
}
