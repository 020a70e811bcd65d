import type { ConductorAPI } from '@mini-nova/conductor/rpcapi';
import { add, type ResourceAmounts, resourcesOf } from '@mini-nova/domain/resources';
import { hostLeft, isUnderWay, MigrationType } from '@mini-nova/domain/states/migration-status';
import type { RpcContext } from '@mini-nova/messaging';
import type { Flavor, Instance, Migration } from '@mini-nova/objects';
import type { VirtDriver } from './virt/driver.ts';

/** A host, and the conductor that knows its migrations. */
export interface MovesSource {
  name: string;
  conductor: ConductorAPI;
  driver: VirtDriver;
}

/** The newest move under way of each instance that moves from or to this host. */
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

/** What the node holds for an instance during its move, in addition to what the instance's record counts here. */
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
  // A move within one node: the record counts one flavor, and the instance may get the other.
  if (!isOutgoing || !isIncoming) return {};
  const { old_flavor } = instance.values();
  if (old_flavor === null || old_flavor === undefined) return {};
  return old_flavor.id === instance.flavor.id ? after : before;
}

/** Only a resize has two flavors: the instance keeps both beside the present one. */
function flavorOf(
  instance: Instance,
  { migration_type }: Migration,
  which: 'old_flavor' | 'new_flavor',
): Flavor {
  const stashed = migration_type === MigrationType.RESIZE ? instance.values()[which] : undefined;
  return stashed ?? instance.flavor;
}

/**
 * What the migrations of an instance say of its guest on a host that its record does not name:
 *
 * - `moving`: a migration from or to the host is under way
 * - `moved`: the last migration from or to the host is over, and has taken the guest away for good
 */
export function moveOf(migrations: readonly Migration[], host: string): 'moving' | 'moved' | undefined {
  const isOfHost = ({ source_compute, dest_compute }: Migration) =>
    source_compute === host || dest_compute === host;
  if (migrations.some((migration) => isUnderWay(migration) && isOfHost(migration))) return 'moving';
  // While it moves between other hosts, it may still come back.
  if (migrations.some(isUnderWay)) return undefined;
  const [last] = migrations.filter(isOfHost).sort((one, other) => other.id - one.id);
  return last !== undefined && hostLeft(last) === host ? 'moved' : undefined;
}
