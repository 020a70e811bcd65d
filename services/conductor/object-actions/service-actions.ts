import type { ServiceStore } from '@mini-nova/data/services/store';
import { isUniqueViolation } from '@mini-nova/database';
import { HostBinaryNotFound, ServiceBinaryExists } from '@mini-nova/domain/exceptions';
import { reportedSkew } from '@mini-nova/domain/reported-skew';
import { Service } from '@mini-nova/objects';
import { currentContext } from '@mini-nova/service';
import { type ActionArguments, type ActionTable, on } from './action.ts';

export function serviceActions(services: ServiceStore): ActionTable {
  const find = (args: ActionArguments) =>
    services.getByHostAndBinary(args.text(0, 'host'), args.text(1, 'binary'));
  return {
    onClass: {
      'Service.get_by_args': async (args) => {
        const [host, binary] = [args.text(0, 'host'), args.text(1, 'binary')];
        const service = await find(args);
        if (service === undefined) throw new HostBinaryNotFound({ host, binary });
        return service;
      },
      'Service.get_by_host_and_binary': async (args) => (await find(args)) ?? null,
    },
    onObject: {
      'Service.create': on(Service, (service) => create(services, service)),
      // A raised report count is a heartbeat, whose time is the database's: clocks of hosts differ.
      'Service.save': on(Service, async (service) => {
        if (service.changes().includes('report_count'))
          await services.heartbeat(service, reportedSkew(currentContext()));
        else await services.save(service);
      }),
    },
  };
}

/** Being made is a sign of life, dated by the database's clock. */
async function create(services: ServiceStore, service: Service): Promise<void> {
  service.last_seen_up = services.clock.now();
  try {
    await services.create(service);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const { host, binary } = service.values();
    throw new ServiceBinaryExists({ host: host ?? '', binary: binary ?? '' }, { cause: error });
  }
}
