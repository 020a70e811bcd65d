import type { ServiceFilters } from '@mini-nova/data/request-stores';
import type { Service } from '@mini-nova/objects';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServiceDeletion } from '../compute/delete-service.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { DisableServiceBody, ForceDownServiceBody, ServiceBody } from '../documents/service.ts';
import { BadRequest, NotFound } from '../http-errors.ts';
import { readParameters } from '../queries/parameter.ts';
import { serviceParameters } from '../queries/services.ts';
import {
  disableService,
  disableServiceWithReason,
  enableService,
  forceDownService,
} from '../schemas/services.ts';
import { isYes } from '../schemas/types.ts';
import { serviceDocument } from '../views/service.ts';

const COMPUTE = 'nova-compute';

/** As Nova, the list has no API services: there these do not say that they live. */
const API_BINARIES: readonly (string | null)[] = ['nova-osapi_compute', 'nova-metadata'];

export function serviceRoutes(app: FastifyInstance, dependencies: ApiDependencies): void {
  const { settings } = dependencies;

  app.get('/os-services', async (request) => {
    const filters = readParameters<ServiceFilters>(serviceParameters, request.query, {});
    const { services } = request.stores;
    const skews = await services.clockSkews();
    const found = [...(await services.list(filters))].filter(({ binary }) => !API_BINARIES.includes(binary));
    return {
      services: found.map((service) =>
        serviceDocument(service, {
          up: services.isUp(service, settings.serviceDownTime),
          defaultZone: settings.defaultZone,
          clockSkew: skews.get(service.id),
        }),
      ),
    };
  });

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
      const forced_down = isYes(request.body.forced_down);
      await change(request, { forced_down });
      return { service: { ...request.body, forced_down } };
    },
  );

  const deletion = new ServiceDeletion(dependencies);
  app.delete<{ Params: { id: string } }>('/os-services/:id', async (request, reply) => {
    await deletion.delete(request.stores, request.params.id);
    return reply.code(204).send();
  });

  async function disable(request: FastifyRequest<{ Body: DisableServiceBody }>) {
    await change(request, { disabled: true, disabled_reason: request.body.disabled_reason ?? null });
    return { service: { ...request.body, status: 'disabled' } };
  }

  async function change(
    { body: { host, binary }, stores: { services } }: FastifyRequest<{ Body: ServiceBody }>,
    changes: Partial<Pick<Service, 'disabled' | 'disabled_reason' | 'forced_down'>>,
  ): Promise<void> {
    if (binary !== COMPUTE) {
      throw new BadRequest(
        `Updating a ${binary} service is not supported. Only ${COMPUTE} services can be updated.`,
      );
    }
    const service = await services.getByHostAndBinary(host, binary);
    if (!service) throw new NotFound(`Could not find binary ${binary} on host ${host}.`);
    await services.update(service, changes);
  }
}
