import { networkInfoOf } from '@mini-nova/domain/network-info';
import { capacityOf, resourcesOf } from '@mini-nova/domain/resources';
import type { Instance } from '@mini-nova/objects';
import type { Snapshot } from './snapshot.ts';

/** What was promised to users: the part of a ledger that can be held against the records. */
export interface Promises {
  booted: ReadonlySet<string>;
  deleted: ReadonlySet<string>;
  maybeDeleted: ReadonlySet<string>;
}

export const PROBLEM_KINDS = [
  /** In a state that somebody should have ended. */
  'stuck',
  /** Held by nobody who lives. */
  'leaked',
  /** Two places that should say the same do not. */
  'differs',
  /** More is given away than there is. */
  'overcommitted',
  /** Something was accepted, and is not so. */
  'undone',
] as const;

export type ProblemKind = (typeof PROBLEM_KINDS)[number];

export interface Problem {
  kind: ProblemKind;
  what: string;
}

export interface Expectations extends Promises {
  /** Whether what was accepted may end in ERROR, as a build on a host that was killed may. Default true. */
  mayFail?: boolean;
}

const VM_STATES_AT_REST = new Set<string | null>(['active', 'stopped', 'error']);

/** What is wrong in a cloud in which nobody works any more. */
export function findProblems(snapshot: Snapshot, expected: Expectations): Problem[] {
  const living = snapshot.instances.filter(({ deleted }) => !deleted);
  return [
    ...living.flatMap((instance) => problemsOf(instance, snapshot)),
    ...leaks(living, snapshot),
    ...overcommitments(snapshot),
    ...usageDifferences(living, snapshot),
    ...brokenPromises(snapshot, expected),
    ...(expected.mayFail === false ? failures(snapshot, expected) : []),
  ];
}

function problemsOf(instance: Instance, snapshot: Snapshot): Problem[] {
  const { uuid, vm_state, task_state } = instance;
  const is = `instance ${uuid} is ${vm_state}/${task_state ?? '-'} on ${instance.host ?? 'no host'}`;
  if (task_state !== null || !VM_STATES_AT_REST.has(vm_state)) return [{ kind: 'stuck', what: is }];
  if (snapshot.buildRequests.has(uuid)) return [{ kind: 'stuck', what: `${is}, with a build request` }];
  if (vm_state === 'error') return snapshot.faults.has(uuid) ? [] : [differs(`${is}, without a fault`)];
  return [...guestDifferences(instance, snapshot), ...holdingDifferences(instance, snapshot)].map((what) =>
    differs(`${is}, but ${what}`),
  );
}

function differs(what: string): Problem {
  return { kind: 'differs', what };
}

/** Between an instance that is launched and the guests of the hosts. */
function guestDifferences({ uuid, host, power_state }: Instance, { guests }: Snapshot): string[] {
  const hosts = [...guests].filter(([, ofHost]) => uuid in ofHost).map(([name]) => name);
  if (hosts.length !== 1 || hosts[0] !== host) return [`its guests are on ${hosts.join(', ') || 'no host'}`];
  const guest = guests.get(host)?.[uuid];
  return guest?.powerState === power_state
    ? []
    : [`its power is ${power_state}, its guest's ${guest?.powerState}`];
}

/** Between an instance that is launched and what it holds. */
function holdingDifferences(instance: Instance, snapshot: Snapshot): string[] {
  const { uuid, host, node } = instance;
  const provider = snapshot.providers.find(({ name }) => name === node)?.uuid;
  const held = snapshot.allocations
    .filter(({ consumer_uuid }) => consumer_uuid === uuid)
    .map(({ provider_uuid, resource_class, used }) => `${provider_uuid} ${resource_class} ${used}`);
  const due = Object.entries(resourcesOf(instance.flavor)).map(
    ([resourceClass, amount]) => `${provider} ${resourceClass} ${amount}`,
  );
  const ports = snapshot.ports.filter(({ device_uuid }) => device_uuid === uuid).map(({ uuid: id }) => id);
  const cached = networkInfoOf(instance).map(({ id }) => id);
  const plugged = snapshot.guests.get(host ?? '')?.[uuid]?.interfaces.map(({ id }) => id) ?? [];
  return [
    ...(same(held, due) ? [] : [`it holds [${held.join(', ')}], not [${due.join(', ')}]`]),
    ...(same(ports, cached) ? [] : [`it has ports ${ports.join(', ')}, and remembers ${cached.join(', ')}`]),
    ...(same(ports, plugged) ? [] : [`it has ports ${ports.join(', ')}, its guest ${plugged.join(', ')}`]),
  ];
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && [...one].sort().join() === [...other].sort().join();
}

/** What is held for instances that are gone, or have failed. A failed one that still has its guest holds what it uses. */
function leaks(living: readonly Instance[], snapshot: Snapshot): Problem[] {
  const mayHold = new Set(
    living.filter(({ vm_state, host }) => vm_state !== 'error' || host !== null).map(({ uuid }) => uuid),
  );
  const consumers = new Set(snapshot.allocations.map(({ consumer_uuid }) => consumer_uuid));
  const devices = snapshot.ports.flatMap(({ device_uuid }) => device_uuid ?? []);
  const guests = [...snapshot.guests].flatMap(([host, ofHost]) =>
    Object.keys(ofHost).map((uuid) => ({ host, uuid })),
  );
  const orphans = snapshot.ports.filter(
    ({ device_uuid, created_for_instance }) => device_uuid === null && created_for_instance,
  );
  return [
    ...[...consumers].filter((uuid) => !mayHold.has(uuid)).map((uuid) => `allocations of ${uuid}`),
    ...devices.filter((uuid) => !mayHold.has(uuid)).map((uuid) => `a port of ${uuid}`),
    ...orphans.map(({ uuid }) => `port ${uuid} of nobody`),
    ...guests
      .filter(({ uuid }) => !mayHold.has(uuid))
      .map(({ host, uuid }) => `the guest ${uuid} on ${host}`),
  ].map((what) => ({ kind: 'leaked', what }));
}

function overcommitments({ inventories, allocations }: Snapshot): Problem[] {
  return inventories.flatMap((inventory) => {
    const { provider_uuid, resource_class } = inventory;
    const used = allocations
      .filter((row) => row.provider_uuid === provider_uuid && row.resource_class === resource_class)
      .reduce((sum, row) => sum + row.used, 0);
    if (used <= capacityOf(inventory)) return [];
    const what = `${used} ${resource_class} of ${capacityOf(inventory)} are allocated on ${provider_uuid}`;
    return [{ kind: 'overcommitted', what }];
  });
}

/** Between what computes report and the instances that are there. */
function usageDifferences(living: readonly Instance[], { computeNodes }: Snapshot): Problem[] {
  return computeNodes.flatMap(({ host, hypervisor_hostname, vcpus_used, running_vms }) => {
    const here = living.filter((instance) => instance.host === host && instance.node === hypervisor_hostname);
    const vcpus = here.reduce((sum, { flavor }) => sum + flavor.vcpus, 0);
    if (vcpus === vcpus_used && here.length === running_vms) return [];
    return [
      differs(
        `${host} reports ${running_vms} guests with ${vcpus_used} VCPU, and has ${here.length} with ${vcpus}`,
      ),
    ];
  });
}

function brokenPromises({ instances }: Snapshot, { booted, deleted, maybeDeleted }: Promises): Problem[] {
  const known = new Map(instances.map((instance) => [instance.uuid, instance]));
  const lost = [...booted].filter(
    (uuid) => (known.get(uuid)?.deleted ?? true) && !deleted.has(uuid) && !maybeDeleted.has(uuid),
  );
  const undone = [...deleted].filter((uuid) => known.get(uuid)?.deleted === false);
  return [
    ...lost.map((uuid) => `the boot of ${uuid} was accepted, and it is gone`),
    ...undone.map((uuid) => `the deletion of ${uuid} was accepted, and it is there`),
  ].map((what) => ({ kind: 'undone', what }));
}

/** Of servers that are deleted by now, too. */
function failures({ faults }: Snapshot, { booted }: Promises): Problem[] {
  return [...faults]
    .filter(([uuid]) => booted.has(uuid))
    .map(([uuid, message]) => ({
      kind: 'undone',
      what: `what was accepted of ${uuid} has failed: ${message}`,
    }));
}
