import type { AdminStores, ServiceFilters } from '@mini-nova/data/request-stores';
import type { Service } from '@mini-nova/objects';
import type { Api, ApiDependencies } from '../dependencies.ts';
import {
  DisabledServiceAnswer,
  DisableServiceBody,
  DisableServiceWithReasonBody,
  EnabledServiceAnswer,
  ForceDownServiceBody,
  ForcedDownServiceAnswer,
  ServiceBody,
  ServiceListAnswer,
} from '../documents/service.ts';
import { isYes, itemPath } from '../documents/values.ts';
import { BadRequest, NotFound } from '../http-errors.ts';
import { readParameters } from '../queries/parameter.ts';
import { ServiceDeletion } from './delete-service.ts';
import { serviceParameters } from './query.ts';
import { serviceDocument } from './view.ts';

const COMPUTE = 'nova-compute';

/** Not in the list, as in Nova, whose API services send no heartbeats. */
const API_BINARIES: readonly (string | null)[] = ['nova-osapi_compute', 'nova-metadata'];

export function serviceRoutes(app: Api, dependencies: ApiDependencies): void {
  const { settings } = dependencies;

  const list = { response: { 200: ServiceListAnswer } };
  app.get('/os-services', { schema: list, config: { query: serviceParameters } }, async (request) => {
    const filters = readParameters<ServiceFilters>(serviceParameters, request, {});
    const { services } = request.stores.admin;
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

  const enable = { body: ServiceBody, response: { 200: EnabledServiceAnswer } };
  app.put('/os-services/enable', { schema: enable }, async ({ stores, body }) => {
    await change(stores.admin, body, { disabled: false, disabled_reason: null });
    return { service: { ...body, status: 'enabled' as const } };
  });

  const disable = { body: DisableServiceBody, response: { 200: DisabledServiceAnswer } };
  app.put('/os-services/disable', { schema: disable }, async ({ stores, body }) =>
    disabled(stores.admin, body),
  );

  const withReason = { body: DisableServiceWithReasonBody, response: { 200: DisabledServiceAnswer } };
  app.put('/os-services/disable-log-reason', { schema: withReason }, async ({ stores, body }) =>
    disabled(stores.admin, body),
  );

  const forceDown = { body: ForceDownServiceBody, response: { 200: ForcedDownServiceAnswer } };
  app.put('/os-services/force-down', { schema: forceDown }, async ({ stores, body }) => {
    const forced_down = isYes(body.forced_down);
    await change(stores.admin, body, { forced_down });
    return { service: { ...body, forced_down } };
  });

  const deletion = new ServiceDeletion(dependencies);
  const remove = { schema: { params: itemPath }, config: { empty: 204 } };
  app.delete('/os-services/:id', remove, async (request, reply) => {
    await deletion.delete(request.stores, request.params.id);
    return reply.code(204).send();
  });
}

async function disabled(stores: AdminStores, body: DisableServiceBody) {
  await change(stores, body, { disabled: true, disabled_reason: body.disabled_reason ?? null });
  return { service: { ...body, status: 'disabled' as const } };
}

async function change(
  { services }: AdminStores,
  { host, binary }: ServiceBody,
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
