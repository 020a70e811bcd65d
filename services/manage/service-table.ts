import type { NovaConfig } from '@mini-nova/config';
import type { Database } from '@mini-nova/database';
import type { ServiceDocument } from '../api/views/service.ts';
import { serviceDocument } from '../api/views/service.ts';
import { withClocks } from '../client/service-clocks.ts';
import { type Column, listTable } from '../client/table.ts';
import { ServiceStore } from '../stores/service-store.ts';

const columns: readonly Column<ServiceDocument>[] = [
  ['Binary', ({ binary }) => binary],
  ['Host', ({ host }) => host],
  ['Zone', ({ zone }) => zone],
  ['Status', ({ status }) => status],
  ['State', ({ state }) => (state === 'up' ? ':-)' : 'XXX')],
  ['Updated_At', ({ updated_at }) => updated_at],
];

/** All daemons, as a table or a JSON array. */
export async function serviceTable(db: Database, { DEFAULT }: NovaConfig, json: boolean): Promise<string> {
  const store = new ServiceStore(db);
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
