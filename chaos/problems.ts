import { keptFor } from '@mini-nova/compute/moves';
import { networkInfoOf } from '@mini-nova/domain/network-model';
import { capacityOf, resourcesOf } from '@mini-nova/domain/resources';
import { MigrationStatus } from '@mini-nova/domain/states/migration-status';
import type { Instance } from '@mini-nova/objects';
import type { Snapshot } from './snapshot.ts';

/** What was promised to users: the part of a ledger that can be compared with the records. */
export interface Promises {
  booted: ReadonlySet<string>;
  deleted: ReadonlySet<string>;
  maybeDeleted: ReadonlySet<string>;
}

export const PROBLEM_KINDS = [
  /** In a state that somebody should have ended. */
  'stuck',
  /** Something is held for nobody who exists. */
  'leaked',
  /** Two places that should say the same do not. */
  'differs',
  /** More is allocated than there is. */
  'overcommitted',
  /** Something was accepted but not done. */
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

/** What is wrong in a cloud where all work has ended. */
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
  if (task_state !== null || !isAtRest(instance, snapshot)) return [{ kind: 'stuck', what: is }];
  if (snapshot.buildRequests.has(uuid)) return [{ kind: 'stuck', what: `${is}, with a build request` }];
  if (vm_state === 'error') return snapshot.faults.has(uuid) ? [] : [differs(`${is}, without a fault`)];
  return [...guestDifferences(instance, snapshot), ...holdingDifferences(instance, snapshot)].map((what) =>
    differs(`${is}, but ${what}`),
  );
}

/** A resized instance is also at rest until its user confirms or reverts the move. */
function isAtRest({ uuid, vm_state }: Instance, { moves }: Snapshot): boolean {
  const isResized = vm_state === 'resized' && moves.get(uuid)?.status === MigrationStatus.FINISHED;
  return isResized || VM_STATES_AT_REST.has(vm_state);
}

function differs(what: string): Problem {
  return { kind: 'differs', what };
}

/** Compares a launched instance with the guests of the hosts; an instance between two hosts may have one on each. */
function guestDifferences({ uuid, host, power_state }: Instance, { guests, moves }: Snapshot): string[] {
  const hosts = [...guests].filter(([, ofHost]) => uuid in ofHost).map(([name]) => name);
  const move = moves.get(uuid);
  const mayHave = new Set(move ? [move.source_compute, move.dest_compute] : [host]);
  const isMissing = move ? hosts.length === 0 : !hosts.includes(host ?? '');
  if (isMissing || !hosts.every((name) => mayHave.has(name))) {
    return [`its guests are on ${hosts.join(', ') || 'no host'}`];
  }
  const guest = guests.get(host ?? '')?.[uuid];
  if (move && !guest) return [];
  return guest?.powerState === power_state
    ? []
    : [`its power is ${power_state}, its guest's ${guest?.powerState}`];
}

/** Compares a launched instance with what it holds. */
function holdingDifferences(instance: Instance, snapshot: Snapshot): string[] {
  const { uuid, host, node } = instance;
  const move = snapshot.moves.get(uuid);
  const provider = snapshot.providers.find(({ name }) => name === node)?.uuid;
  // For a moving instance, only what it needs where it is, held by itself or by its migration.
  const held = snapshot.allocations
    .filter(({ consumer_uuid }) => consumer_uuid === uuid || consumer_uuid === move?.uuid)
    .map(({ provider_uuid, resource_class, used }) => `${provider_uuid} ${resource_class} ${used}`);
  const due = Object.entries(resourcesOf(instance.flavor)).map(
    ([resourceClass, amount]) => `${provider} ${resourceClass} ${amount}`,
  );
  const ports = snapshot.ports.filter(({ device_uuid }) => device_uuid === uuid).map(({ uuid: id }) => id);
  const cached = networkInfoOf(instance).map(({ id }) => id);
  const guest = snapshot.guests.get(host ?? '')?.[uuid];
  const plugged = guest?.interfaces.map(({ id }) => id) ?? (move ? ports : []);
  const holds = move ? due.every((each) => held.includes(each)) : same(held, due);
  return [
    ...(holds ? [] : [`it holds [${held.join(', ')}], not [${due.join(', ')}]`]),
    ...(same(ports, cached) ? [] : [`it has ports ${ports.join(', ')}, and remembers ${cached.join(', ')}`]),
    ...(same(ports, plugged) ? [] : [`it has ports ${ports.join(', ')}, its guest ${plugged.join(', ')}`]),
  ];
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && [...one].sort().join() === [...other].sort().join();
}

/** What is held for instances that have gone or failed. A failed one that still has its guest holds what it uses. */
function leaks(living: readonly Instance[], snapshot: Snapshot): Problem[] {
  const { moves } = snapshot;
  const isUser = ({ uuid, vm_state, host }: Instance) =>
    vm_state !== 'error' || host !== null || moves.has(uuid);
  const users = living.filter(isUser).map(({ uuid }) => uuid);
  const mayHold = new Set([...users, ...users.flatMap((uuid) => moves.get(uuid)?.uuid ?? [])]);
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

/** Compares what computes report with the instances on their hosts. */
function usageDifferences(living: readonly Instance[], { computeNodes, moves }: Snapshot): Problem[] {
  return computeNodes.flatMap(({ host, hypervisor_hostname, vcpus_used, running_vms }) => {
    const here = living.filter((instance) => instance.host === host && instance.node === hypervisor_hostname);
    const kept = living.map((instance) => {
      const move = moves.get(instance.uuid);
      return move ? (keptFor({ instance, move }, { host, nodename: hypervisor_hostname }).VCPU ?? 0) : 0;
    });
    const vcpus = [...here.map(({ flavor }) => flavor.vcpus), ...kept].reduce((a, b) => a + b, 0);
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

/** Includes servers that have since been deleted. */
function failures({ faults }: Snapshot, { booted }: Promises): Problem[] {
  return [...faults]
    .filter(([uuid]) => booted.has(uuid))
    .map(([uuid, message]) => ({
      kind: 'undone',
      what: `what was accepted of ${uuid} has failed: ${message}`,
    }));
}
