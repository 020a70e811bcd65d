import type { GuestState } from '@mini-nova/compute/rpcapi';
import { isOff } from '@mini-nova/domain/states/instance-states';
import { MigrationStatus, MigrationType } from '@mini-nova/domain/states/migration-status';
import type { RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { attempt } from './best-effort.ts';
import type { ComputeHost } from './compute-host.ts';
import { type GuestWatch, judge } from './guest-watch.ts';
import { powerStateOf } from './operations/power.ts';

/** Group DEFAULT of the configuration. */
export interface DeletedGuestsOptions {
  running_deleted_instance_action: string;
  /** Seconds. */
  running_deleted_instance_timeout: number;
}

export interface DeletedGuestsTools {
  host: ComputeHost;
  watch: GuestWatch;
}

/**
 * Takes the configured action on guests whose instance is recorded as deleted, or was taken to another host by a migration
 * that is over. Each look within the configured time must have found the guest so. Such guests remain when users delete
 * instances, or have them rebuilt elsewhere, while this host seems to be down. No other guest is touched.
 */
export async function cleanUpDeletedGuests(
  ctxt: RpcContext,
  { host, watch }: DeletedGuestsTools,
  options: DeletedGuestsOptions,
): Promise<void> {
  const { running_deleted_instance_action: action, running_deleted_instance_timeout: timeout } = options;
  const strays = await watch.look(ctxt);
  const seenBefore = performance.now() - timeout * 1000;
  const due = strays.filter(({ state, since }) => states.has(state) && since <= seenBefore);
  const act = actions.get(action);
  if (!act || due.length === 0 || !(await host.ownRecords.confirm(ctxt))) return;
  for (const { uuid } of due) {
    await host.locks.run(uuid, async () => {
      // The records may have changed while this waited: only what they say now counts.
      const [{ state, record } = {}] = await judge(host, [uuid]);
      if (!record || !state || !states.has(state)) return;
      await attempt(host, record, `${action} a guest`, () => act(host, ctxt, record));
    });
  }
}

/** The states of a guest that no longer belongs to its instance. */
const states: ReadonlySet<GuestState> = new Set(['deleted', 'moved']);

type Action = (host: ComputeHost, ctxt: RpcContext, instance: Instance) => Promise<void>;

/** By Nova's names. `noop` has none: it does nothing. */
const actions = new Map<string, Action>([
  [
    'log',
    async (host, _ctxt, { uuid }) =>
      host.logger.warn(
        { instance_uuid: uuid, host: host.name },
        'The guest of an instance that is deleted or was moved away still runs',
      ),
  ],
  [
    'shutdown',
    async (host, ctxt, instance) => {
      if (isOff(await powerStateOf(host, instance))) return;
      host.logger.warn(
        { instance_uuid: instance.uuid, host: host.name },
        'Turning off the guest of an instance that is deleted or was moved away',
      );
      await host.driver.powerOff(ctxt, instance, false);
    },
  ],
  [
    'reap',
    async (host, ctxt, instance) => {
      host.logger.warn(
        { instance_uuid: instance.uuid, host: host.name },
        'Destroying the guest of an instance that is deleted or was moved away',
      );
      await host.driver.destroy(ctxt, instance);
      host.tracker.release(instance.uuid);
      await completeEvacuations(host, ctxt, instance.uuid);
    },
  ],
]);

/** As in Nova, an evacuation is complete once its source no longer has the guest. */
async function completeEvacuations(host: ComputeHost, ctxt: RpcContext, uuid: string): Promise<void> {
  for (const migration of await host.conductor.migrationsOfInstances(ctxt, [uuid])) {
    const { migration_type, status, source_compute } = migration;
    const isDone = migration_type === MigrationType.EVACUATION && status === MigrationStatus.DONE;
    if (!isDone || source_compute !== host.name) continue;
    await host.conductor.migrationSave(ctxt, migration, { status: MigrationStatus.COMPLETED });
  }
}
