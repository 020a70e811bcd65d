import { findComputeNode, softDeleteComputeNode } from '@mini-nova/data/compute-nodes/store';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { migrate } from '@mini-nova/data/migrate';
import { claimResources } from '@mini-nova/placement/allocations';
import { addHost } from '@mini-nova/services-testing/scheduling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HostManager } from './host-manager.ts';

const NOW = new Date('2026-01-31T12:00:00.000Z');

describe('host states', () => {
  let db: Database;
  let hosts: HostManager;

  beforeEach(async () => {
    db = await openDatabase('sqlite://');
    await migrate(db);
    hosts = new HostManager({ db, config: { service_down_time: 60, default_availability_zone: 'nova' } });
  });
  afterEach(() => db.close());

  it('show a service as up when only an outage of the database kept it from reporting', async () => {
    await addHost(db, 'host1', { service: { last_seen_up: new Date(Date.now() - 100_000).toISOString() } });
    const isUp = async () => (await hosts.getHostStates()).map(({ service }) => service.up);
    expect(await isUp()).toEqual([false]);
    vi.spyOn(db.clock, 'pardon').mockReturnValue(50);
    expect(await isUp()).toEqual([true]);
  });

  it('show what each host has and what it has left', async () => {
    const uuid = await addHost(db, 'host1', { vcpus: 4 });
    await addHost(db, 'host2');
    await claimResources(db, {
      consumerUuid: 'vm',
      allocations: { [uuid]: { VCPU: 3, MEMORY_MB: 512 } },
    });

    const [first, second] = await hosts.getHostStates();

    expect(first).toMatchObject({ uuid, host: 'host1', nodename: 'host1.node', availabilityZone: 'nova' });
    expect([first?.total('VCPU'), first?.free('VCPU'), first?.free('MEMORY_MB')]).toEqual([4, 1, 7680]);
    expect([second?.free('VCPU'), second?.free('DISK_GB'), second?.free('GPU')]).toEqual([8, 100, 0]);
  });

  it.each([
    ['seen a moment ago', { last_seen_up: '2026-01-31T11:59:50.000Z' }, true],
    ['seen just in time', { last_seen_up: '2026-01-31T11:59:00.000Z' }, true],
    ['not seen for too long', { last_seen_up: '2026-01-31T11:58:59.999Z' }, false],
    ['never seen, but just made', { last_seen_up: null, created_at: '2026-01-31T11:59:50.000Z' }, true],
    ['never seen', { last_seen_up: null, created_at: '2026-01-31T11:00:00.000Z' }, false],
    ['forced down', { last_seen_up: NOW.toISOString(), forced_down: true }, false],
  ])('show a service %s as up: %o %s', async (_title, service, up) => {
    await addHost(db, 'host1', { service });
    expect((await hosts.getHostStates(NOW))[0]?.service).toEqual({ up, disabled: false });
  });

  it('show the zone of the service, and whether it is disabled', async () => {
    await addHost(db, 'host1', { service: { availability_zone: 'east', disabled: true } });
    expect((await hosts.getHostStates())[0]).toMatchObject({
      availabilityZone: 'east',
      service: { up: true, disabled: true },
    });
  });

  it('show the columns of the node that filters and weighers read', async () => {
    await addHost(db, 'host1', { service: { created_at: '2026-01-01T00:00:00.000Z' } });
    const config = { service_down_time: 60, default_availability_zone: 'nova' };
    const columns = ['hypervisor_type', 'stats', 'created_at'] as const;
    const [host] = await new HostManager({ db, config, columns }).getHostStates();
    expect(host?.node).toMatchObject({ hypervisor_type: 'fake', stats: null });
    expect(host?.node.created_at).not.toBe('2026-01-01T00:00:00.000Z');
    expect(host?.node).not.toHaveProperty('cpu_info');
    expect([...(host?.traits ?? []), ...(host?.aggregates ?? [])]).toEqual([]);
  });

  it('leave out nodes that are deleted or have no service', async () => {
    await addHost(db, 'host1');
    await addHost(db, 'host2', { service: { binary: 'nova-other' } });
    await addHost(db, 'host3');
    const node = await findComputeNode(db.kysely, 'host3', 'host3.node');
    await softDeleteComputeNode(db.kysely, node?.uuid ?? '', NOW.toISOString());

    expect((await hosts.getHostStates()).map(({ host }) => host)).toEqual(['host1']);
  });
});
