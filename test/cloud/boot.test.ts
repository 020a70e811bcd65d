import { networkInfoOf } from '@mini-nova/domain/network-model';
import { type JsonObject, MessagingTimeout, Target } from '@mini-nova/messaging';
import { Flavor, NetworkRequest, NetworkRequestList, RequestSpec } from '@mini-nova/objects';
import { releaseAllocations } from '@mini-nova/placement/allocations';
import { SchedulerAPI } from '@mini-nova/scheduler/rpcapi';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { failSaves } from '@mini-nova/services-testing/failing-saves';
import { type Loss, lossyDriver } from '@mini-nova/services-testing/lossy-driver';
import { describe, expect, it } from 'vitest';

const hugeFlavor = Flavor.hydrate({
  id: 99,
  name: 'huge',
  flavorid: '99',
  vcpus: 1,
  memory_mb: 10_000_000,
  root_gb: 1,
  ephemeral_gb: 0,
  swap: 0,
});

describe('a boot', () => {
  it('ends ACTIVE on a host, with an address, an allocation and a guest', async () => {
    const cloud = await Cloud.start();

    const instance = await cloud.bootActive();

    expect(instance).toMatchObject({ power_state: 1, availability_zone: 'nova', node: instance.host });
    expect(instance.launched_at).toBeInstanceOf(Date);
    expect(instance.launched_on).toBe(instance.host);
    expect(networkInfoOf(instance)[0]?.network.subnets[0]?.ips[0]?.address).toBe('10.0.0.2');
    expect(await cloud.guests()).toMatchObject({ [instance.host ?? '']: [instance.uuid] });
    expect(await cloud.allocated()).toBe(1);
    expect(await cloud.fault(instance.uuid)).toBeUndefined();
    expect(await cloud.buildRequests.findByInstanceUuid(instance.uuid)).toBeUndefined();
  });

  it('of several instances spreads them over the hosts', async () => {
    const cloud = await Cloud.start();

    const uuids = await cloud.boot({ count: 4 });
    const instances = await Promise.all(uuids.map((uuid) => cloud.settled(uuid)));

    expect(instances.map(({ vm_state }) => vm_state)).toEqual(['active', 'active', 'active', 'active']);
    expect(new Set(instances.map(({ host }) => host))).toEqual(new Set(['host1', 'host2']));
    expect(await cloud.allocated()).toBe(4);
  });

  it('goes on to the other host when the spawn on the first fails', async () => {
    const cloud = await Cloud.start({
      hosts: { large: { memory_mb: 65_536, fail_first_spawns: 1 }, small: {} },
    });

    const instance = await cloud.bootActive();

    expect(instance).toMatchObject({ host: 'small', node: 'small', launched_on: 'small' });
    expect(await cloud.guests()).toEqual({ large: [], small: [instance.uuid] });
    expect(await cloud.allocated()).toBe(1);
    expect(await cloud.ports.list(instance.uuid)).toHaveLength(1);
    expect(await cloud.fault(instance.uuid)).toBeUndefined();
  });

  it('continues as a build on the other host when its last save failed, and is ACTIVE only there', async () => {
    const sent: JsonObject[] = [];
    const cloud = await Cloud.start({
      hosts: { large: { memory_mb: 65_536 }, small: {} },
      computeDriver: (driver) => ({
        listen: (target, onMessage, options) => driver.listen(target, onMessage, options),
        close: () => driver.close(),
        send: (target, request, options) => {
          if (request.message.method === 'build_instances') sent.push(request.message.args ?? {});
          return driver.send(target, request, options);
        },
      }),
    });
    await failSaves(cloud.db, "new.vm_state = 'active' and new.host = 'large'");
    const states: unknown[] = [];
    cloud.instances.onStateChange(({ vm_state, task_state }) => states.push(`${vm_state} ${task_state}`));

    const instance = await cloud.bootActive();

    expect(instance).toMatchObject({ host: 'small', node: 'small', launched_on: 'small' });
    const [{ instances: [order] = [] } = {}] = sent as { instances?: JsonObject[] }[];
    expect(order).toMatchObject({
      'nova_object.data': { vm_state: 'building', host: null, launched_at: null },
    });
    expect(order).not.toHaveProperty(['nova_object.changes']);
    expect(states.filter((state) => state === 'active null')).toHaveLength(1);
    expect(states).toContain('building scheduling');
    expect(await cloud.guests()).toEqual({ large: [], small: [instance.uuid] });
    expect(await cloud.allocated()).toBe(1);
  });

  it('whose last save fails on every host ends in ERROR, with nothing of that save in its record', async () => {
    const cloud = await Cloud.start();
    await failSaves(cloud.db, "new.vm_state = 'active' and new.host is not null");

    const [uuid = ''] = await cloud.boot();

    const failed = { vm_state: 'error', host: null, launched_at: null, power_state: 0 };
    expect(await cloud.settled(uuid)).toMatchObject(failed);
    expect((await cloud.fault(uuid))?.message).toContain('the database failed as the test asked');
    expect(await cloud.guests()).toEqual({ host1: [], host2: [] });
    expect(await cloud.allocated()).toBe(0);
  });

  it('ends in ERROR with the last failure as its fault when all hosts fail', async () => {
    const cloud = await Cloud.start({ hosts: { host1: { fail_spawn: true }, host2: { fail_spawn: true } } });

    const [uuid = ''] = await cloud.boot();
    const instance = await cloud.settled(uuid);

    expect(instance).toMatchObject({ vm_state: 'error', task_state: null, host: null, node: null });
    expect(networkInfoOf(instance)).toEqual([]);
    const fault = await cloud.fault(uuid);
    expect(fault?.code).toBe(500);
    expect(fault?.message).toMatch(/^Exceeded maximum number of retries\. Exhausted all hosts available/);
    expect(fault?.message).toContain('The fake driver was told to fail this spawn');
    expect(fault?.details).toContain('RescheduledException');
    expect(await cloud.guests()).toEqual({ host1: [], host2: [] });
    expect(await cloud.allocated()).toBe(0);
    expect(await cloud.ports.list(uuid)).toEqual([]);
  });

  it('tries no more hosts than max_attempts', async () => {
    const failing = { fail_spawn: true };
    const cloud = await Cloud.start({
      hosts: { host1: failing, host2: failing, host3: {} },
      settings: { 'scheduler.max_attempts': 1 },
    });

    const uuids = await cloud.boot({ count: 3 });
    const instances = await Promise.all(uuids.map((uuid) => cloud.settled(uuid)));

    expect(instances.map(({ vm_state }) => vm_state).sort()).toEqual(['active', 'error', 'error']);
    const failed = instances.find(({ vm_state }) => vm_state === 'error');
    expect((await cloud.fault(failed?.uuid ?? ''))?.message).toMatch(/^Build of instance .* aborted: /);
    expect(await cloud.allocated()).toBe(1);
  });

  it('ends in ERROR with the count that each filter let through when no host is large enough', async () => {
    const cloud = await Cloud.start();

    const [uuid = ''] = await cloud.boot({ flavor: hugeFlavor });

    expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'error', host: null });
    const fault = await cloud.fault(uuid);
    expect(fault?.message).toMatch(/^No valid host was found\. There are not enough hosts available\./);
    expect(fault?.message).toContain('ComputeFilter 2/2');
    expect(fault?.message).toContain('RamFilter 0/2');
    expect(await cloud.allocated()).toBe(0);
  });

  it('ends in ERROR with a fault when no scheduler answers', async () => {
    const cloud = await Cloud.start({ scheduler: false });

    const [uuid = ''] = await cloud.boot();

    expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'error' });
    expect((await cloud.fault(uuid))?.message).toContain('routing key "scheduler"');
    expect(await cloud.allocated()).toBe(0);
  });

  it('is not tried elsewhere when the request itself cannot be met', async () => {
    const cloud = await Cloud.start();
    const owner = await cloud.bootActive();
    const port = networkInfoOf(owner)[0]?.id ?? '';

    const [uuid = ''] = await cloud.boot({
      requestedNetworks: new NetworkRequestList({ objects: [new NetworkRequest({ port_id: port })] }),
    });

    expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'error', host: null });
    expect((await cloud.fault(uuid))?.message).toContain(`Port ${port} is still in use.`);
    expect(await cloud.allocated()).toBe(1);
    expect(await cloud.ports.list(owner.uuid)).toHaveLength(1);
  });

  it('does not happen when the user has already deleted the request', async () => {
    const cloud = await Cloud.start();
    const [deleted, wanted] = [await cloud.recordOne(), await cloud.recordOne()];
    await cloud.buildRequests.delete(deleted.uuid);
    await cloud.instances.destroy(deleted);

    await cloud.build([deleted, wanted]);
    await cloud.settled(wanted.uuid);

    expect((await cloud.settled(deleted.uuid)).vm_state).toBe('deleted');
    expect(await cloud.allocated()).toBe(1);
  });
});

describe('a boot whose instance is deleted meanwhile', () => {
  it('leaves nothing behind, and no fault', async () => {
    const cloud = await Cloud.start({ hosts: { host1: { spawn_delay: 0.3 } } });
    const [uuid = ''] = await cloud.boot();
    await cloud.reaches(uuid, 'spawning');

    await cloud.delete(uuid);

    expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'deleted', deleted: true });
    expect(await cloud.guests()).toEqual({ host1: [] });
    expect(await cloud.allocated()).toBe(0);
    expect(await cloud.ports.list(uuid)).toEqual([]);
    expect(await cloud.fault(uuid)).toBeUndefined();
  });

  it('undoes the build when its record is gone, as when its compute seemed down', async () => {
    const cloud = await Cloud.start({ hosts: { host1: { spawn_delay: 0.1 } } });
    const [uuid = ''] = await cloud.boot();
    await cloud.reaches(uuid, 'spawning');

    await cloud.instances.destroy(await cloud.instances.getByUuid(uuid));

    await expect.poll(() => cloud.allocated()).toBe(0);
    expect(await cloud.guests()).toEqual({ host1: [] });
    expect(await cloud.ports.list(uuid)).toEqual([]);
    expect(await cloud.fault(uuid)).toBeUndefined();
  });
});

describe('a build message', () => {
  it('that comes twice makes one guest', async () => {
    const cloud = await Cloud.start();
    const instance = await cloud.recordOne();
    const { host, args } = await cloud.claim(instance);

    await cloud.compute.buildAndRunInstance(cloud.ctxt, host, args);
    await cloud.compute.buildAndRunInstance(cloud.ctxt, host, args);
    await cloud.settled(instance.uuid);
    await cloud.computes.get(host)?.service.stop();

    expect(await cloud.instances.getByUuid(instance.uuid)).toMatchObject({ vm_state: 'active', host });
    expect(await cloud.driver(host).listInstanceUuids()).toEqual([instance.uuid]);
    expect(await cloud.allocated()).toBe(1);
    expect(await cloud.ports.list(instance.uuid)).toHaveLength(1);
    expect(await cloud.fault(instance.uuid)).toBeUndefined();
  });

  it('for two hosts is served by one, and the other releases its claim', async () => {
    const cloud = await Cloud.start();
    const instance = await cloud.recordOne();
    const { host, args } = await cloud.claim(instance);
    const other = host === 'host1' ? 'host2' : 'host1';
    await cloud.claimOn(instance, other);

    await cloud.compute.buildAndRunInstance(cloud.ctxt, host, args);
    await cloud.compute.buildAndRunInstance(cloud.ctxt, other, { ...args, node: other });

    const { host: winner } = await cloud.settled(instance.uuid);
    await expect.poll(() => cloud.allocated()).toBe(1);
    await expect
      .poll(() => cloud.guests())
      .toEqual({ host1: [], host2: [], [winner ?? '']: [instance.uuid] });
    expect((await cloud.instances.getByUuid(instance.uuid)).vm_state).toBe('active');
  });

  it('that comes after the build was ended does not bring the instance back', async () => {
    const cloud = await Cloud.start();
    const instance = await cloud.recordOne();
    const { host, args } = await cloud.claim(instance);
    const ended = await cloud.instances.getByUuid(instance.uuid);
    Object.assign(ended, { vm_state: 'error', task_state: null });
    await cloud.instances.save(ended);

    await cloud.compute.buildAndRunInstance(cloud.ctxt, host, args);

    await expect.poll(() => cloud.allocated()).toBe(0);
    expect(await cloud.instances.getByUuid(instance.uuid)).toMatchObject({ vm_state: 'error', host: null });
    expect(await cloud.guests()).toEqual({ host1: [], host2: [] });
  });

  it('that finds its build ended on this host leaves the host', async () => {
    const cloud = await Cloud.start();
    const instance = await cloud.recordOne();
    const { host, args } = await cloud.claim(instance);
    // The first step was saved, but its answer was lost, and the build was ended before the save was repeated.
    const ended = { vm_state: 'error', task_state: null, host, node: host };
    await cloud.instances.update(await cloud.instances.getByUuid(instance.uuid), ended);

    await cloud.compute.buildAndRunInstance(cloud.ctxt, host, args);

    const left = { vm_state: 'error', host: null, node: null };
    await expect.poll(() => cloud.instances.getByUuid(instance.uuid)).toMatchObject(left);
    expect(await cloud.allocated()).toBe(0);
  });

  it("for another attempt that comes twice leaves the first one's build its allocation", async () => {
    const cloud = await Cloud.start();
    const instance = await cloud.recordOne();
    const request_spec = new RequestSpec({ flavor: instance.flavor });
    const request = { instance_uuids: [instance.uuid], spec_obj: request_spec };
    const hosts = await new SchedulerAPI(cloud.rpc).selectDestinations(cloud.ctxt, request);
    await cloud.buildRequests.delete(instance.uuid);
    const again = {
      instances: [instance],
      image: {},
      filter_properties: { retry: { num_attempts: 1, hosts: [] } },
      admin_password: null,
      injected_files: null,
      requested_networks: null,
      security_groups: null,
      request_spec,
      host_lists: hosts,
    };

    const conductor = new Target({ topic: 'conductor', namespace: 'compute_task', version: '1.19' });
    const client = cloud.rpc.getClient(conductor);

    await client.call(cloud.ctxt, 'build_instances', again);
    expect(await cloud.settled(instance.uuid)).toMatchObject({ vm_state: 'active' });
    await client.call(cloud.ctxt, 'build_instances', again);

    expect(await cloud.allocated()).toBe(1);
    expect(await cloud.fault(instance.uuid)).toBeUndefined();
  });

  it('for which placement holds nothing, as of a foreign scheduler, ends in a fault at once', async () => {
    const cloud = await Cloud.start();
    const instance = await cloud.recordOne();
    const { host, args } = await cloud.claim(instance);
    await releaseAllocations(cloud.db, instance.uuid);
    let fault: ReturnType<Cloud['fault']> | undefined;
    cloud.instances.onStateChange(({ vm_state }) => {
      if (vm_state === 'error') fault = cloud.fault(instance.uuid);
    });

    await cloud.compute.buildAndRunInstance(cloud.ctxt, host, args);

    expect(await cloud.settled(instance.uuid)).toMatchObject({ vm_state: 'error', host: null });
    // Even at the moment at which the instance is in ERROR, since the compute may be killed then.
    expect((await fault)?.message).toMatch(new RegExp(`placement holds nothing for it on host ${host}`));
    expect(await cloud.guests()).toEqual({ host1: [], host2: [] });
  });

  it('for a host that the instance has left leaves it alone', async () => {
    const cloud = await Cloud.start();
    const instance = await cloud.recordOne();
    const { host, args } = await cloud.claim(instance);
    const other = host === 'host1' ? 'host2' : 'host1';

    await cloud.compute.buildAndRunInstance(cloud.ctxt, other, { ...args, node: other });
    await cloud.compute.buildAndRunInstance(cloud.ctxt, host, args);

    expect(await cloud.settled(instance.uuid)).toMatchObject({ vm_state: 'active', host });
    expect(await cloud.fault(instance.uuid)).toBeUndefined();
  });

  it.each([null, undefined])(
    'for another attempt with host lists %s is scheduled, past hosts apart',
    async (host_lists) => {
      const cloud = await Cloud.start();
      const instance = await cloud.recordOne();
      await cloud.buildRequests.delete(instance.uuid);

      await cloud.computeTask.buildInstances(cloud.ctxt, {
        instances: [instance],
        image: {},
        filter_properties: { retry: { num_attempts: 1, hosts: [['host1', 'host1']] } },
        admin_password: null,
        injected_files: null,
        requested_networks: null,
        security_groups: null,
        request_spec: new RequestSpec({ flavor: instance.flavor, ignore_hosts: null }),
        ...(host_lists === null && { host_lists }),
      });

      expect(await cloud.settled(instance.uuid)).toMatchObject({ vm_state: 'active', host: 'host2' });
      expect(await cloud.allocated()).toBe(1);
    },
  );

  it('of a request that came twice is sent once', async () => {
    const cloud = await Cloud.start();
    const recorded = await cloud.recordOne();

    await cloud.build([recorded]);
    await cloud.build([recorded]);
    const instance = await cloud.settled(recorded.uuid);

    expect(instance.vm_state).toBe('active');
    expect(await cloud.allocated()).toBe(1);
    expect(Object.values(await cloud.guests()).flat()).toEqual([instance.uuid]);
  });
});

describe('a boot during an outage', () => {
  const losses = ([1, 2, 3, 4, 5, 6] as const).flatMap((call) => [
    { call, loss: 'request' as Loss },
    { call, loss: 'reply' as Loss },
  ]);

  it.each(losses)(
    "ends ACTIVE although the $loss of the compute's call $call is lost",
    async ({ call, loss }) => {
      let calls = Number.NEGATIVE_INFINITY;
      const cloud = await Cloud.start({
        hosts: { host1: {} },
        computeDriver: (driver) => lossyDriver(driver, () => (++calls === call ? loss : undefined)),
      });
      calls = 0;

      const instance = await cloud.bootActive();

      expect(calls).toBeGreaterThan(call);
      expect(await cloud.guests()).toEqual({ host1: [instance.uuid] });
      expect(await cloud.allocated()).toBe(1);
      expect(await cloud.ports.list(instance.uuid)).toHaveLength(1);
      expect(await cloud.fault(instance.uuid)).toBeUndefined();
    },
  );

  it('keeps its guest when a stop comes between the save of its end and the lost reply', async () => {
    let afterReply: (() => Promise<void>) | undefined;
    const cloud = await Cloud.start({
      hosts: { host1: {} },
      computeDriver: (driver) => ({
        listen: (target, onMessage, options) => driver.listen(target, onMessage, options),
        close: () => driver.close(),
        async send(target, request, options) {
          const reply = await driver.send(target, request, options);
          await afterReply?.();
          return reply;
        },
      }),
    });
    afterReply = async () => {
      const [active] = await cloud.instances.list({ vmStates: ['active'] });
      if (!active) return;
      afterReply = undefined;
      const instance = await cloud.request(active.uuid, 'powering-off');
      await cloud.compute.stopInstance(cloud.ctxt, { instance });
      throw new MessagingTimeout('the reply was lost');
    };

    const [uuid = ''] = await cloud.boot();

    await expect.poll(async () => (await cloud.settled(uuid)).vm_state).toBe('stopped');
    expect(await cloud.guests()).toEqual({ host1: [uuid] });
    expect(await cloud.allocated()).toBe(1);
    expect(await cloud.ports.list(uuid)).toHaveLength(1);
  });

  it('that outlasts all attempts ends in ERROR with a fault, and leaves no guest', async () => {
    let lost = 0;
    const cloud = await Cloud.start({
      hosts: { host1: {} },
      computeDriver: (driver) =>
        lossyDriver(driver, ({ method }) => {
          if (method !== 'allocate_for_instance') return undefined;
          lost += 1;
          return 'reply';
        }),
    });

    const [uuid = ''] = await cloud.boot();

    expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'error', host: null });
    expect(lost).toBeGreaterThan(1);
    expect((await cloud.fault(uuid))?.message).toContain('the reply was lost');
    expect(await cloud.guests()).toEqual({ host1: [] });
    expect(await cloud.allocated()).toBe(0);
    expect(await cloud.ports.list(uuid)).toEqual([]);
  });
});

describe('a deletion', () => {
  it('removes guest, allocation, ports and record, however often it is asked for', async () => {
    const cloud = await Cloud.start();
    const { uuid, host } = await cloud.bootActive();
    const instance = await cloud.request(uuid, 'deleting');

    await cloud.compute.terminateInstance(cloud.ctxt, { instance });
    await cloud.compute.terminateInstance(cloud.ctxt, { instance });
    await cloud.settled(uuid);
    await cloud.computes.get(host ?? '')?.service.stop();

    expect(await cloud.settled(uuid)).toMatchObject({ vm_state: 'deleted', deleted: true });
    expect(await cloud.guests()).toEqual({ host1: [], host2: [] });
    expect(await cloud.allocated()).toBe(0);
    expect(await cloud.ports.list(uuid)).toEqual([]);
    expect(await cloud.fault(uuid)).toBeUndefined();
  });

  it('makes room at once for the next instance on a full host', async () => {
    const cloud = await Cloud.start({ hosts: { host1: { memory_mb: 1024 } } });
    const first = await cloud.bootActive();
    const [refused = ''] = await cloud.boot();
    expect(await cloud.settled(refused)).toMatchObject({ vm_state: 'error' });

    await cloud.delete(first.uuid);
    await cloud.settled(first.uuid);

    expect(await cloud.bootActive()).toMatchObject({ host: 'host1' });
  });
});
