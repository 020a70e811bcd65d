import { ConductorAPI } from '@mini-nova/conductor/rpcapi';
import { ComputeHostNotFound, ComputeResourcesUnavailable } from '@mini-nova/domain/exceptions';
import { silentLogger } from '@mini-nova/messaging';
import { resourcesOfProvider } from '@mini-nova/placement/allocations';
import { PlacementAPI } from '@mini-nova/placement/rpcapi';
import { RequestContext } from '@mini-nova/service';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { expect, it } from 'vitest';
import { OwnRecords } from '../own-records.ts';
import { FakeDriver } from '../virt/fake/fake-driver.ts';
import { MemoryNodeIdentities } from './node-identities.ts';
import { ResourceTracker } from './resource-tracker.ts';

const ctxt = RequestContext.admin();
const reservations = {
  reserved_host_cpus: 0,
  reserved_host_memory_mb: 512,
  reserved_host_disk_mb: 2000,
  initial_cpu_allocation_ratio: 4,
  initial_ram_allocation_ratio: 1,
  initial_disk_allocation_ratio: 1,
  my_ip: '192.0.2.7',
};

async function tracked(driver = new FakeDriver('host1', { vcpus: 2, memory_mb: 2048, disk_gb: 100 })) {
  const cloud = await Cloud.start({ hosts: {} });
  const conductor = new ConductorAPI(cloud.rpc);
  const own = { host: 'host1', conductor, identities: new MemoryNodeIdentities(), logger: silentLogger };
  const tracker = new ResourceTracker({
    host: 'host1',
    driver,
    conductor,
    ownRecords: new OwnRecords(own),
    placement: new PlacementAPI(cloud.rpc),
    reservations,
    logger: silentLogger,
  });
  await tracker.updateAvailableResource(ctxt);
  return { cloud, tracker, driver };
}

it('records what the schedulers and views of Nova read of a node', async () => {
  const { cloud } = await tracked();

  const [node] = await cloud.computeNodes.list();
  expect(node?.supported_hv_specs.map((spec) => spec.values())).toEqual([
    { arch: 'x86_64', hv_type: 'fake', vm_mode: 'hvm' },
  ]);
  expect(node?.pci_device_pools).toHaveLength(0);
  expect(node).toMatchObject({ numa_topology: null, disk_available_least: node?.free_disk_gb });
});

it('records the node, and its inventory under the same uuid', async () => {
  const { cloud, tracker } = await tracked();

  const [node] = await cloud.computeNodes.list();
  expect(node).toMatchObject({
    uuid: tracker.providerUuid('host1'),
    host: 'host1',
    hypervisor_hostname: 'host1',
    host_ip: '192.0.2.7',
    metrics: '[]',
    stats: { num_instances: '0', io_workload: '0' },
    vcpus: 2,
    memory_mb: 2048,
    memory_mb_used: 512,
    local_gb: 100,
    local_gb_used: 2,
    free_ram_mb: 1536,
    running_vms: 0,
  });
  expect(await resourcesOfProvider(cloud.db.kysely, node?.uuid ?? '')).toMatchObject({
    VCPU: { total: 2, reserved: 0, allocation_ratio: 4 },
    MEMORY_MB: { total: 2048, reserved: 512, allocation_ratio: 1 },
    DISK_GB: { total: 100, reserved: 2, allocation_ratio: 1 },
  });
});

it('reports whatever resource classes the driver has, and claims them', async () => {
  const cards = { CUSTOM_FPGA: { total: 2, reserved: 0, allocation_ratio: 1 } };
  const driver = new FakeDriver('host1', { vcpus: 2, memory_mb: 2048, disk_gb: 100 });
  const measured = await driver.getAvailableResource('host1');
  driver.getAvailableResource = async () => ({ ...measured, otherInventories: cards });
  const { cloud, tracker } = await tracked(driver);

  expect(await resourcesOfProvider(cloud.db.kysely, tracker.providerUuid('host1'))).toMatchObject(cards);
  const accelerated = () => {
    const instance = newInstance();
    instance.flavor.extra_specs = { 'resources:CUSTOM_FPGA': '2' };
    return instance;
  };
  tracker.claim(accelerated(), 'host1');
  expect(() => tracker.claim(accelerated(), 'host1')).toThrow('CUSTOM_FPGA free 0, requested 2');
});

it('claims until the node is full, and again once something was released', async () => {
  const { tracker } = await tracked();
  const instances = [newInstance(), newInstance(), newInstance(), newInstance()];
  const [first, , , last = newInstance()] = instances.map((instance) => instance);

  const claims = instances.slice(0, 3).map((instance) => tracker.claim(instance, 'host1'));
  expect(() => tracker.claim(last, 'host1')).toThrow(ComputeResourcesUnavailable);
  expect(() => tracker.claim(last, 'host1')).toThrow('MEMORY_MB free 0, requested 512');

  claims[0]?.release();
  claims[0]?.release();
  tracker.claim(last, 'host1');
  expect(() => tracker.claim(first ?? last, 'host1')).toThrow(ComputeResourcesUnavailable);
});

it('counts a claim for the same instance once', async () => {
  const { tracker } = await tracked();
  const instance = newInstance();

  for (let n = 0; n < 5; n += 1) tracker.claim(instance, 'host1');

  tracker.claim(newInstance(), 'host1');
});

it('checks only what a larger claim adds for the same instance, as in a resize on this host', async () => {
  const { tracker } = await tracked();
  const [growing, other] = [newInstance(), newInstance()];
  tracker.claim(growing, 'host1');
  tracker.claim(other, 'host1');

  growing.flavor.memory_mb = 1024;
  tracker.claim(growing, 'host1');

  other.flavor.memory_mb = 1024;
  expect(() => tracker.claim(other, 'host1')).toThrow('MEMORY_MB free 0, requested 512');
});

it('leaves a launched instance what it used before when a larger claim for it is given back', async () => {
  const { tracker } = await tracked();
  const [growing, other] = [newInstance({ launched_at: new Date() }), newInstance()];
  tracker.claim(growing, 'host1').keep();

  growing.flavor.memory_mb = 1024;
  tracker.claim(growing, 'host1').release();

  other.flavor.memory_mb = 1536;
  expect(() => tracker.claim(other, 'host1')).toThrow('MEMORY_MB free 1024, requested 1536');
});

it('leaves nothing to an instance that left the host while a larger claim for it was held', async () => {
  const { tracker } = await tracked();
  const [growing, other] = [newInstance({ launched_at: new Date() }), newInstance()];
  tracker.claim(growing, 'host1').keep();
  const claim = tracker.claim(growing, 'host1');

  tracker.release(growing.uuid);
  claim.release();

  other.flavor.memory_mb = 1536;
  tracker.claim(other, 'host1');
});

it('knows only the nodes of this host', async () => {
  const { tracker } = await tracked();

  expect(() => tracker.claim(newInstance(), 'elsewhere')).toThrow(ComputeHostNotFound);
});

it('reports what the records and the builds under way use', async () => {
  const { cloud, tracker } = await tracked();
  await cloud.instances.create(newInstance({ host: 'host1', node: 'host1', vm_state: 'active' }));
  await cloud.instances.create(
    newInstance({ host: 'host1', node: 'host1', vm_state: 'error', launched_at: null }),
  );
  tracker.claim(newInstance(), 'host1');

  await tracker.updateAvailableResource(ctxt);

  const [node] = await cloud.computeNodes.list();
  expect(node).toMatchObject({
    vcpus_used: 2,
    memory_mb_used: 512 + 1024,
    running_vms: 2,
    current_workload: 1,
  });
});

it('reports a node again after its record was deleted, and keeps the claims on it', async () => {
  const { cloud, tracker } = await tracked();
  tracker.claim(newInstance(), 'host1');
  for (const node of await cloud.computeNodes.list()) await cloud.computeNodes.delete(node);

  await tracker.updateAvailableResource(ctxt);

  const nodes = [...(await cloud.computeNodes.list())];
  expect(nodes).toMatchObject([{ uuid: tracker.providerUuid('host1'), host: 'host1', running_vms: 1 }]);
  expect(await resourcesOfProvider(cloud.db.kysely, nodes[0]?.uuid ?? '')).toMatchObject({
    VCPU: { total: 2 },
  });
});

it('keeps the allocation ratios that an operator set in the record', async () => {
  const { cloud, driver } = await tracked();
  const [node] = await cloud.computeNodes.list();
  if (node) await cloud.computeNodes.save(Object.assign(node, { cpu_allocation_ratio: 16 }));

  await cloud.startCompute('host1', driver);

  expect((await resourcesOfProvider(cloud.db.kysely, node?.uuid ?? '')).VCPU?.allocation_ratio).toBe(16);
});

it('reports what is used as soon as a claim is made, and as soon as it is given back', async () => {
  const { cloud, tracker } = await tracked();
  const used = async () => {
    const [node] = await cloud.computeNodes.list();
    return { vcpus: node?.vcpus_used, vms: node?.running_vms, ram: node?.memory_mb_used };
  };
  const instances = [newInstance(), newInstance()];

  const claims = instances.map((instance) => tracker.claim(instance, 'host1'));
  await expect.poll(used).toEqual({ vcpus: 2, vms: 2, ram: 1536 });

  claims[0]?.keep();
  claims[1]?.release();
  await expect.poll(used).toEqual({ vcpus: 1, vms: 1, ram: 1024 });

  tracker.release(instances[0]?.uuid ?? '');
  await expect.poll(used).toEqual({ vcpus: 0, vms: 0, ram: 512 });
});
