import { randomUUID } from 'node:crypto';
import { isUniqueViolation } from '@mini-nova/database';
import { ServiceNotFound } from '@mini-nova/domain/exceptions';
import { Service } from '@mini-nova/objects';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../database.ts';
import { hasStopped, lastReport, ServiceStore } from '../services/store.ts';

const identity = { host: 'host1', binary: 'nova-compute', topic: 'compute', version: 66 };

export function describeServiceStore(database: () => Database): void {
  describe('services', () => {
    let store: ServiceStore;

    beforeEach(() => {
      store = new ServiceStore(database().kysely);
    });

    it('are found by host and binary, id and uuid', async () => {
      const service = await store.register(identity);
      expect((await store.getByHostAndBinary('host1', 'nova-compute'))?.uuid).toBe(service.uuid);
      expect((await store.getById(service.id)).uuid).toBe(service.uuid);
      expect((await store.getByUuid(service.uuid)).id).toBe(service.id);
    });

    it('that do not exist are not found', async () => {
      expect(await store.getByHostAndBinary('host1', 'nova-compute')).toBeUndefined();
      await expect(store.getById(1)).rejects.toThrow(ServiceNotFound);
      await expect(store.getByUuid(randomUUID())).rejects.toThrow(ServiceNotFound);
    });

    it('are created with the fields that every record has', async () => {
      const service = new Service({ host: 'host1', binary: 'nova-compute', topic: 'compute' });
      await store.create(service);
      expect(service.values()).toMatchObject({
        report_count: 0,
        disabled: false,
        forced_down: false,
        last_seen_up: null,
      });
      expect(service.changes()).toEqual([]);
      expect((await store.getById(service.id)).values()).toEqual(service.values());
    });

    it('are unique for host and binary', async () => {
      await store.register(identity);
      const second = store.create(new Service({ host: 'host1', binary: 'nova-compute' }));
      await expect(second).rejects.toSatisfy(isUniqueViolation);
    });

    it('that register again keep their record and update its version', async () => {
      const first = await store.register(identity);
      await store.save(Object.assign(first, { disabled: true, disabled_reason: 'repair' }));
      const again = await store.register({ ...identity, version: 67 });
      expect(again.values()).toMatchObject({
        id: first.id,
        version: 67,
        disabled: true,
        disabled_reason: 'repair',
      });
      expect((await store.list()).length).toBe(1);
    });

    it('that register twice at the same time get one record', async () => {
      const services = await Promise.all([store.register(identity), store.register(identity)]);
      expect(new Set(services.map(({ id }) => id)).size).toBe(1);
    });

    it('are listed by host, binary and whether they are disabled', async () => {
      await store.register(identity);
      await store.register({ ...identity, host: 'host2' });
      const scheduler = await store.register({ ...identity, binary: 'nova-scheduler', topic: 'scheduler' });
      await store.save(Object.assign(scheduler, { disabled: true }));
      const hosts = async (filters: Parameters<typeof store.list>[0]) =>
        (await store.list(filters)).objects.map(({ host, binary }) => `${binary} ${host}`);
      expect(await hosts({ binary: 'nova-compute' })).toEqual(['nova-compute host1', 'nova-compute host2']);
      expect(await hosts({ host: 'host2' })).toEqual(['nova-compute host2']);
      expect(await hosts({ disabled: true })).toEqual(['nova-scheduler host1']);
    });

    it('count their heartbeats', async () => {
      const service = await store.register(identity);
      const before = Date.now();
      await store.heartbeat(service);
      await store.heartbeat(service);
      expect(service.report_count).toBe(2);
      expect(service.last_seen_up?.getTime()).toBeGreaterThanOrEqual(before);
      expect((await store.getById(service.id)).report_count).toBe(2);
    });

    it("report how far their clocks are from the database's", async () => {
      const service = await store.register(identity);
      expect((await store.clockSkews()).get(service.id)).toBeUndefined();
      await store.heartbeat(service, -2.5);
      expect((await store.clockSkews()).get(service.id)).toBe(-2.5);
      await store.heartbeat(service);
      expect((await store.clockSkews()).get(service.id)).toBeUndefined();
    });

    it('are not found by a daemon whose id has come to belong to another record', async () => {
      const service = await store.register(identity);
      const stale = Object.assign(service.clone(), { uuid: randomUUID() });
      await expect(store.heartbeat(stale)).rejects.toThrow(ServiceNotFound);
      await expect(store.save(Object.assign(stale, { topic: 'else' }))).rejects.toThrow(ServiceNotFound);
      expect((await store.getById(service.id)).topic).toBe(identity.topic);
    });

    it('that stop in order are down at once, and up again once they register', async () => {
      const service = await store.register(identity);
      const before = Date.now();
      await store.markStopped(service);
      const stopped = await store.getById(service.id);
      expect({ up: store.isUp(stopped, 60), stopped: hasStopped(stopped) }).toEqual({
        up: false,
        stopped: true,
      });
      expect(lastReport(stopped)?.getTime()).toBeGreaterThanOrEqual(before);

      const again = await store.register(identity);
      expect({ up: store.isUp(again, 60), stopped: hasStopped(again) }).toEqual({
        up: true,
        stopped: false,
      });
    });

    it('learn from the next heartbeat that they were deleted', async () => {
      const service = await store.register(identity);
      expect(await store.delete(service)).toBe(true);
      expect(await store.delete(service)).toBe(false);
      await expect(store.heartbeat(service)).rejects.toThrow(ServiceNotFound);
      expect((await store.register(identity)).id).not.toBe(service.id);
    });
  });
}
