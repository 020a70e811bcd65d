import { listNetworks } from '@mini-nova/data/networks/queries';
import { allocatePort, findPort } from '@mini-nova/data/ports/queries';
import { networkInfoOf } from '@mini-nova/domain/network-model';
import type { Driver, RpcMessage } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { RequestContext } from '@mini-nova/service';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { expect, it } from 'vitest';

const ctxt = RequestContext.admin();
const anyPort = { network_id: null, port_id: null, requested_ip: null };

/** A compute that is as good as dead from one of its calls on: nothing it sends arrives, and it gets no answers. */
class Killable {
  #dies: (message: RpcMessage) => 'before' | 'after' | undefined = () => undefined;
  #isDead = false;

  readonly wrap = (inner: Driver): Driver => ({
    send: async (target, request, options) => {
      if (this.#isDead) return new Promise(() => {});
      const when = this.#dies(request.message);
      if (when !== undefined) this.#isDead = true;
      if (when === 'before') return new Promise(() => {});
      const reply = await inner.send(target, request, options);
      return when === 'after' ? new Promise(() => {}) : reply;
    },
    listen: (target, onMessage, options) => inner.listen(target, onMessage, options),
    close: () => inner.close(),
  });

  get isDead(): boolean {
    return this.#isDead;
  }

  kill(method: string, when: 'before' | 'after'): void {
    this.#dies = (message) => (message.method === method ? when : undefined);
  }

  revive(): void {
    this.#dies = () => undefined;
    this.#isDead = false;
  }
}

async function killableCloud() {
  const killable = new Killable();
  const cloud = await Cloud.start({ hosts: { host1: {} }, computeDriver: killable.wrap });
  const instance = await cloud.bootActive();
  // The fake driver keeps its guests here, as a real hypervisor would.
  cloud.driver('host1').initHost = async () => {};
  return { cloud, killable, instance };
}

/** Starts a compute in place of the dead one. */
async function startAgain(cloud: Cloud, killable: Killable): Promise<void> {
  await expect.poll(() => killable.isDead).toBe(true);
  await cloud.computes
    .get('host1')
    ?.service.stop({ quick: true })
    .catch(() => {});
  killable.revive();
  await cloud.startCompute('host1', cloud.driver('host1'));
}

/** The ids of an instance's interfaces, by its ports, its record and its guest. */
async function interfacesOf(cloud: Cloud, { uuid }: Instance) {
  const ids = (interfaces: { id: string }[]) => interfaces.map(({ id }) => id).sort();
  return {
    ports: ids(await cloud.ports.list(uuid)),
    recorded: ids(networkInfoOf(await cloud.instances.getByUuid(uuid))),
    plugged: ids((await cloud.driver('host1').describeGuest(uuid)).interfaces),
  };
}

async function expectAgreement(cloud: Cloud, instance: Instance, count: number): Promise<void> {
  const { ports, recorded, plugged } = await interfacesOf(cloud, instance);
  expect({ recorded, plugged }).toEqual({ recorded: ports, plugged: ports });
  expect(ports).toHaveLength(count);
}

it.each([
  ['after', 'allocate_port_for_instance', 1],
  ['before', 'get_instance_nw_info', 2],
  ['after', 'get_instance_nw_info', 2],
  ['before', 'object_action', 2],
] as const)(
  'an attachment whose compute is killed %s %s is finished or undone',
  async (when, method, count) => {
    const { cloud, killable, instance } = await killableCloud();
    killable.kill(method, when);
    cloud.compute.attachInterface(cloud.ctxt, { instance, ...anyPort }).catch(() => {});

    await startAgain(cloud, killable);

    await expectAgreement(cloud, instance, count);
  },
);

it.each([
  ['before', 'deallocate_port_for_instance', 2],
  ['after', 'deallocate_port_for_instance', 1],
  ['before', 'object_action', 1],
] as const)(
  'a detachment whose compute is killed %s %s is finished or undone',
  async (when, method, count) => {
    const { cloud, killable, instance } = await killableCloud();
    const { id } = await cloud.compute.attachInterface(cloud.ctxt, { instance, ...anyPort });
    killable.kill(method, when);
    await cloud.compute.detachInterface(cloud.ctxt, { instance, port_id: id });

    await startAgain(cloud, killable);

    await expectAgreement(cloud, instance, count);
  },
);

it('differences that arise while the compute runs are healed by its periodic task', async () => {
  const { cloud, instance } = await killableCloud();
  const before = await interfacesOf(cloud, instance);
  const [network] = await listNetworks(cloud.db.kysely);
  const port = await allocatePort(cloud.db, {
    networkUuid: network?.uuid ?? '',
    deviceUuid: instance.uuid,
    host: 'host1',
  });
  await cloud.db.kysely.updateTable('instances').set({ info_cache: null }).execute();

  await cloud.runTasks('host1');

  expect(await interfacesOf(cloud, instance)).toEqual(before);
  expect(await findPort(cloud.db.kysely, port.uuid)).toBeUndefined();
});

it('an interface of a guest without a port stays plugged', async () => {
  const { cloud, instance } = await killableCloud();
  const { plugged } = await interfacesOf(cloud, instance);
  await cloud.db.kysely.deleteFrom('ports').execute();

  await cloud.runTasks('host1');

  expect(await interfacesOf(cloud, instance)).toEqual({ ports: [], recorded: [], plugged });
});

it('an instance with an operation under way is left alone', async () => {
  const { cloud, instance } = await killableCloud();
  await cloud.request(instance.uuid, 'powering-off');
  await cloud.db.kysely.updateTable('instances').set({ info_cache: null }).execute();

  await cloud.runTasks('host1');

  expect((await interfacesOf(cloud, instance)).recorded).toEqual([]);
  expect((await cloud.instances.getByUuid(instance.uuid)).task_state).toBe('powering-off');
});

it('healing asks for all ports at once, and asks nothing else when nothing differs', async () => {
  const methods: string[] = [];
  const cloud = await Cloud.start({
    hosts: { host1: {} },
    computeDriver: (inner) => ({
      send: (target, request, options) => {
        methods.push(request.message.method);
        return inner.send(target, request, options);
      },
      listen: (target, onMessage, options) => inner.listen(target, onMessage, options),
      close: () => inner.close(),
    }),
  });
  for (let n = 0; n < 3; n += 1) await cloud.bootActive();
  methods.length = 0;

  const tasks = cloud.computes.get('host1')?.manager.periodicTasks() ?? [];
  await tasks.find(({ name }) => name === 'heal_instance_info_cache')?.run(ctxt);

  expect(methods).toEqual(['object_class_action_versions', 'get_host_nw_info']);
});
