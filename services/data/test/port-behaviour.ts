import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../database.ts';
import { NetworkMissing } from '../networks/errors.ts';
import { ensureNetwork, listNetworks } from '../networks/queries.ts';
import { AddressesExhausted, AddressInUse, AddressNotAllocatable } from '../ports/errors.ts';
import {
  allocatePort,
  bindPort,
  deletePort,
  findPort,
  listPortsOfDevice,
  movePorts,
  type PortRequest,
  releasePorts,
} from '../ports/queries.ts';
import { AT } from './rows.ts';

export function describePorts(db: () => Database): void {
  describe('networks and ports', () => {
    let networkUuid: string;

    beforeEach(async () => {
      ({ uuid: networkUuid } = await ensureNetwork(db().kysely, { label: 'private', cidr: '10.1.0.0/29' }));
    });

    function allocate(request: Partial<PortRequest> = {}) {
      return allocatePort(db(), { networkUuid, deviceUuid: 'vm', host: 'host1', ...request });
    }

    it('have a network created once, with its first address as gateway', async () => {
      const again = await ensureNetwork(db().kysely, { label: 'private', cidr: '10.2.0.0/16' });

      expect(again).toMatchObject({ uuid: networkUuid, cidr: '10.1.0.0/29', gateway: '10.1.0.1' });
      expect(await listNetworks(db().kysely)).toHaveLength(1);
    });

    it('get the lowest free addresses, except network, gateway and broadcast, until none is left', async () => {
      const ports = [];
      for (let n = 0; n < 5; n++) ports.push(await allocate());

      expect(ports.map((port) => port.ip_address)).toEqual([
        '10.1.0.2',
        '10.1.0.3',
        '10.1.0.4',
        '10.1.0.5',
        '10.1.0.6',
      ]);
      for (const port of ports) expect(port.mac_address).toMatch(/^fa:16:3e(:[0-9a-f]{2}){3}$/);
      await expect(allocate()).rejects.toThrow(AddressesExhausted);
    });

    it('get freed addresses again', async () => {
      await allocate();
      const second = await allocate();
      await allocate();

      await deletePort(db().kysely, second.uuid);

      expect((await allocate()).ip_address).toBe(second.ip_address);
      expect((await allocate()).ip_address).toBe('10.1.0.5');
    });

    it('get a requested address if it is free', async () => {
      expect((await allocate({ fixedIp: '10.1.0.5' })).ip_address).toBe('10.1.0.5');
      await expect(allocate({ fixedIp: '10.1.0.5' })).rejects.toThrow(AddressInUse);
      expect((await allocate()).ip_address).toBe('10.1.0.2');
    });

    it.each(['10.1.0.0', '10.1.0.1', '10.1.0.7', '10.2.0.2', 'fe80::1', 'x', ''])(
      'cannot have the address %j',
      async (fixedIp) => {
        await expect(allocate({ fixedIp })).rejects.toThrow(AddressNotAllocatable);
      },
    );

    it('need an existing network', async () => {
      await expect(allocate({ networkUuid: 'absent' })).rejects.toThrow(NetworkMissing);
    });

    it('have addresses counted for each network separately', async () => {
      const other = await ensureNetwork(db().kysely, { label: 'other', cidr: '200.1.0.0/29' });
      await allocate();

      expect((await allocate({ networkUuid: other.uuid })).ip_address).toBe('200.1.0.2');
    });

    it('are bound to one device at a time', async () => {
      const { uuid } = await allocate({ deviceUuid: null, host: null });
      const bind = (deviceUuid: string, host: string) =>
        bindPort(db().kysely, uuid, { deviceUuid, host, at: AT });

      expect(await bind('vm1', 'host1')).toMatchObject({ device_uuid: 'vm1', host: 'host1' });
      expect(await bind('vm1', 'host2')).toMatchObject({ device_uuid: 'vm1', host: 'host2' });
      expect(await bind('vm2', 'host1')).toBeUndefined();
    });

    it('keep their addresses when the device moves', async () => {
      const port = await allocate();

      const moved = await movePorts(db().kysely, { deviceUuid: 'vm', host: 'host2', at: AT });

      expect(moved).toEqual([{ ...port, host: 'host2', updated_at: AT }]);
    });

    it('are deleted on release if they were made for the device, and unbound if the user brought them', async () => {
      const made = await allocate();
      const given = await allocate({ createdForInstance: false });
      const others = await allocate({ deviceUuid: 'vm2' });

      await releasePorts(db().kysely, { deviceUuid: 'vm', portUuid: made.uuid, at: AT });
      expect((await listPortsOfDevice(db().kysely, 'vm')).map(({ uuid }) => uuid)).toEqual([given.uuid]);

      await releasePorts(db().kysely, { deviceUuid: 'vm', at: AT });
      expect(await listPortsOfDevice(db().kysely, 'vm')).toEqual([]);
      expect(await findPort(db().kysely, made.uuid)).toBeUndefined();
      expect(await findPort(db().kysely, given.uuid)).toMatchObject({ device_uuid: null, host: null });
      expect(await findPort(db().kysely, others.uuid)).toMatchObject({ device_uuid: 'vm2' });
    });
  });
}
