import { Service } from '@mini-nova/objects';
import { currentContext } from '@mini-nova/service';
import { reportedSkew } from '../../stores/reported-skew.ts';
import type { ServiceStore } from '../../stores/service-store.ts';
import { type ActionTable, on } from './action.ts';

export function serviceActions(services: ServiceStore): ActionTable {
  return {
    onClass: {
      'Service.get_by_args': async (args) =>
        (await services.getByHostAndBinary(args.text(0, 'host'), args.text(1, 'binary'))) ?? null,
    },
    onObject: {
      // Repeated when its answer was lost, so the record of an earlier run or attempt is taken over.
      'Service.create': on(Service, async (service) => {
        const { host, binary, topic, version = 0 } = service.values();
        const record = await services.register({
          host: host ?? '',
          binary: binary ?? '',
          topic: topic ?? '',
          version,
        });
        Object.assign(service, record.values());
        service.resetChanges();
      }),
      // A raised report count is a heartbeat, whose time is the database's: clocks of hosts differ.
      'Service.save': on(Service, async (service) => {
        if (service.changes().includes('report_count'))
          await services.heartbeat(service, reportedSkew(currentContext()));
        else await services.save(service);
      }),
    },
  };
}
