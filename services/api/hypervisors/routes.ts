import type { AdminStores } from '@mini-nova/data/request-stores';
import type { ComputeNode } from '@mini-nova/objects';
import type { Api, ApiDependencies } from '../dependencies.ts';
import { HypervisorAnswer, HypervisorDetailAnswer, HypervisorListAnswer } from '../documents/hypervisor.ts';
import { itemPath } from '../documents/values.ts';
import { NotFound } from '../http-errors.ts';
import { noParameters, readParameters } from '../queries/parameter.ts';
import { hypervisorBrief, hypervisorDocument, type ServiceOfNode } from './view.ts';

export function hypervisorRoutes(app: Api, { settings }: ApiDependencies): void {
  app.get('/os-hypervisors', { schema: { response: { 200: HypervisorListAnswer } } }, async (request) => {
    readParameters(noParameters, request, {});
    const nodes = await withServices(request.stores.admin);
    return { hypervisors: nodes.map(([node, of]) => hypervisorBrief(node, of)) };
  });

  app.get(
    '/os-hypervisors/detail',
    { schema: { response: { 200: HypervisorDetailAnswer } } },
    async (request) => {
      readParameters(noParameters, request, {});
      const nodes = await withServices(request.stores.admin);
      return { hypervisors: nodes.map(([node, of]) => hypervisorDocument(node, of)) };
    },
  );

  app.get(
    '/os-hypervisors/:id',
    { schema: { params: itemPath, response: { 200: HypervisorAnswer } } },
    async (request) => {
      const { id } = request.params;
      const nodes = await withServices(request.stores.admin);
      const found = nodes.find(([node]) => String(node.id) === id);
      if (!found) throw new NotFound(`Hypervisor with ID '${id}' could not be found.`);
      return { hypervisor: hypervisorDocument(...found) };
    },
  );

  /** As in Nova, a node whose service record was deleted is not shown: its state is unknown. */
  async function withServices({
    computeNodes,
    services,
  }: AdminStores): Promise<[ComputeNode, ServiceOfNode][]> {
    const nodes = [...(await computeNodes.list())];
    const computes = [...(await services.list({ binary: 'nova-compute' }))];
    return nodes.flatMap((node) => {
      const service = computes.find(({ host }) => host === node.host);
      return service ? [[node, { service, up: services.isUp(service, settings.serviceDownTime) }]] : [];
    });
  }
}
