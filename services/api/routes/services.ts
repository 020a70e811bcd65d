import type { Service } from '@mini-nova/objects';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServiceDeletion } from '../compute/delete-service.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { NotFound } from '../http-errors.ts';
import {
  type DisableServiceBody,
  disableService,
  disableServiceWithReason,
  enableService,
  type ForceDownServiceBody,
  forceDownService,
  type ListServicesQuery,
  listServices,
  type ServiceBody,
} from '../schemas/services.ts';
import { serviceDocument } from '../views/service.ts';

export function serviceRoutes(app: FastifyInstance, dependencies: ApiDependencies): void {
  const { services, settings } = dependencies;

  app.get<{ Querystring: ListServicesQuery }>(
    '/os-services',
    { schema: { querystring: listServices } },
    async (request) => {
      const { host, binary } = request.query;
      const found = await services.list({ host, binary });
      const skews = await services.clockSkews();
      return {
        services: [...found].map((service) =>
          serviceDocument(service, {
            up: services.isUp(service, settings.serviceDownTime),
            defaultZone: settings.defaultZone,
            clockSkew: skews.get(service.id),
          }),
        ),
      };
    },
  );

  app.put<{ Body: ServiceBody }>(
    '/os-services/enable',
    { schema: { body: enableService } },
    async (request) => {
      await change(request, { disabled: false, disabled_reason: null });
      return { service: { ...request.body, status: 'enabled' } };
    },
  );

  app.put<{ Body: DisableServiceBody }>(
    '/os-services/disable',
    { schema: { body: disableService } },
    async (request) => disable(request),
  );

  app.put<{ Body: DisableServiceBody }>(
    '/os-services/disable-log-reason',
    { schema: { body: disableServiceWithReason } },
    async (request) => disable(request),
  );

  app.put<{ Body: ForceDownServiceBody }>(
    '/os-services/force-down',
    { schema: { body: forceDownService } },
    async (request) => {
      await change(request, { forced_down: request.body.forced_down });
      return { service: request.body };
    },
  );

  const deletion = new ServiceDeletion(dependencies);
  app.delete<{ Params: { id: string } }>('/os-services/:id', async (request, reply) => {
    await deletion.delete(request.params.id);
    return reply.code(204).send();
  });

  async function disable(request: FastifyRequest<{ Body: DisableServiceBody }>) {
    await change(request, { disabled: true, disabled_reason: request.body.disabled_reason ?? null });
    return { service: { ...request.body, status: 'disabled' } };
  }

  async function change(
    { body: { host, binary } }: FastifyRequest<{ Body: ServiceBody }>,
    changes: Partial<Pick<Service, 'disabled' | 'disabled_reason' | 'forced_down'>>,
  ): Promise<void> {
    const service = await services.getByHostAndBinary(host, binary);
    if (!service) throw new NotFound(`Could not find binary ${binary} on host ${host}.`);
    await services.update(service, changes);
  }
}
