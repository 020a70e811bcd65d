import type { ServiceDocument } from '@mini-nova/api/documents';
import { serviceDocument } from '@mini-nova/api/services/view';
import { withClocks } from '@mini-nova/client/service-clocks';
import { type Column, listTable } from '@mini-nova/client/table';
import type { Database } from '@mini-nova/data/database';
import type { DataConfig } from '@mini-nova/data/options';
import { ServiceStore } from '@mini-nova/data/services/store';

const columns: readonly Column<ServiceDocument>[] = [
  ['Binary', ({ binary }) => binary],
  ['Host', ({ host }) => host],
  ['Zone', ({ zone }) => zone],
  ['Status', ({ status }) => status],
  ['State', ({ state }) => (state === 'up' ? ':-)' : 'XXX')],
  ['Updated_At', ({ updated_at }) => updated_at],
];

/** All daemons, as a table or a JSON array. */
export async function serviceTable(db: Database, { DEFAULT }: DataConfig, json: boolean): Promise<string> {
  const store = new ServiceStore(db.kysely);
  await store.clock.measure();
  const skews = await store.clockSkews();
  const services = [...(await store.list())].map((service) =>
    serviceDocument(service, {
      up: store.isUp(service, DEFAULT.service_down_time),
      defaultZone: DEFAULT.default_availability_zone,
      clockSkew: skews.get(service.id),
    }),
  );
  return json ? `${JSON.stringify(services)}\n` : listTable(withClocks(columns, services), services);
}
