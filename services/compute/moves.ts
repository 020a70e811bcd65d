import type { ConductorAPI } from '@mini-nova/conductor/rpcapi';
import { add, type ResourceAmounts, resourcesOf } from '@mini-nova/domain/resources';
import { hostLeft, isUnderWay, MigrationType } from '@mini-nova/domain/states/migration-status';
import type { RpcContext } from '@mini-nova/messaging';
import type { Flavor, Instance, Migration } from '@mini-nova/objects';
import type { VirtDriver } from './virt/driver.ts';

/** A host, and who tells of it. */
export interface MovesSource {
  name: string;
  conductor: ConductorAPI;
  driver: VirtDriver;
}

/** The moves from and to this host that are under way: by instance, its newest. */
export async function movesUnderWay(
  { name, conductor, driver }: MovesSource,
  ctxt: RpcContext,
): Promise<Map<string, Migration>> {
  const moves = new Map<string, Migration>();
  for (const nodename of await driver.getAvailableNodes()) {
    for (const migration of await conductor.migrationsOfNode(ctxt, name, nodename)) {
      const { instance_uuid: uuid } = migration;
      if (uuid !== null && (moves.get(uuid)?.id ?? 0) < migration.id) moves.set(uuid, migration);
    }
  }
  return moves;
}

export async function isBetweenHosts(
  { conductor }: Pick<MovesSource, 'conductor'>,
  ctxt: RpcContext,
  instanceUuid: string,
): Promise<boolean> {
  return (await conductor.migrationsOfInstances(ctxt, [instanceUuid])).some(isUnderWay);
}

/** What the node keeps for an instance on its move, beside what its record says that it uses here. */
export function keptFor(
  { instance, move }: { instance: Instance; move: Migration },
  { host, nodename }: { host: string; nodename: string },
): ResourceAmounts {
  const isOutgoing = move.source_compute === host && move.source_node === nodename;
  const isIncoming = move.dest_compute === host && move.dest_node === nodename;
  const before = resourcesOf(flavorOf(instance, move, 'old_flavor'));
  const after = resourcesOf(flavorOf(instance, move, 'new_flavor'));
  const isHere = instance.host === host && instance.node === nodename;
  if (!isHere) return add(isOutgoing ? before : {}, isIncoming ? after : {});
  // On one node, its record has one of its sizes, and it may get the other.
  if (!isOutgoing || !isIncoming) return {};
  const { old_flavor } = instance.values();
  if (old_flavor === null || old_flavor === undefined) return {};
  return old_flavor.id === instance.flavor.id ? after : before;
}

/** Only a resize has two: it keeps them beside the present one. */
function flavorOf(
  instance: Instance,
  { migration_type }: Migration,
  which: 'old_flavor' | 'new_flavor',
): Flavor {
  const stashed = migration_type === MigrationType.RESIZE ? instance.values()[which] : undefined;
  return stashed ?? instance.flavor;
}

/**
 * What its migrations say of an instance's guest on a host on which it is not recorded:
 *
 * - `moving`: it is on its way from or to the host
 * - `moved`: the last of them that had to do with the host is over, and has taken the guest away for good
 */
export function moveOf(migrations: readonly Migration[], host: string): 'moving' | 'moved' | undefined {
  const isOfHost = ({ source_compute, dest_compute }: Migration) =>
    source_compute === host || dest_compute === host;
  if (migrations.some((migration) => isUnderWay(migration) && isOfHost(migration))) return 'moving';
  // As long as it moves between others, where it belongs is not said for good.
  if (migrations.some(isUnderWay)) return undefined;
  const [last] = migrations.filter(isOfHost).sort((one, other) => other.id - one.id);
  return last !== undefined && hostLeft(last) === host ? 'moved' : undefined;
}
