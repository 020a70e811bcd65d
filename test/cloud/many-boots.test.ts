import { Cloud } from '@mini-nova/services-testing/cloud';
import { expect, it } from 'vitest';

const BOOTS = 1000;

it('1,000 boots at once end ACTIVE, however short the patience for one answer is', {
  timeout: 1_800_000,
}, async () => {
  const room = { vcpus: 400, memory_mb: 400 * 1024, disk_gb: 4000 };
  const cloud = await Cloud.start({
    hosts: { host1: room, host2: room, host3: room },
    cidr: '10.0.0.0/16',
    // Nothing here reports that the computes are up.
    settings: { 'DEFAULT.rpc_response_timeout': 10, 'DEFAULT.service_down_time': 86_400 },
  });
  const instances = await cloud.record({ count: BOOTS });

  await Promise.all(instances.map((instance) => cloud.build([instance])));

  const counts = async () => {
    const rows = await cloud.db.kysely
      .selectFrom('instances')
      .select(({ fn }) => ['vm_state', 'task_state', fn.countAll<number>().as('count')])
      .groupBy(['vm_state', 'task_state'])
      .execute();
    return Object.fromEntries(rows.map((row) => [`${row.vm_state} ${row.task_state}`, row.count]));
  };
  await expect.poll(counts, { timeout: 1_780_000, interval: 500 }).toEqual({ 'active null': BOOTS });
  expect(await cloud.allocated()).toBe(BOOTS);
});
