import { PowerState } from '@mini-nova/domain/states/power-state';
import type { RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { attempt } from './best-effort.ts';
import type { ComputeHost } from './compute-host.ts';
import { type GuestWatch, recordOf } from './guest-watch.ts';
import type { InstanceLocks } from './instance-locks.ts';
import { powerStateOf } from './power.ts';

/** Group DEFAULT of the configuration. */
export interface DeletedGuestsOptions {
  running_deleted_instance_action: string;
  /** Seconds. */
  running_deleted_instance_timeout: number;
}

export interface DeletedGuestsTools {
  host: ComputeHost;
  watch: GuestWatch;
  locks: InstanceLocks;
}

/**
 * Does what is configured with guests whose instance is recorded as deleted, and was so each time that this host looked
 * for the configured time: while it seemed to be down, users deleted instances without it. No other guest is touched.
 */
export async function cleanUpDeletedGuests(
  ctxt: RpcContext,
  { host, watch, locks }: DeletedGuestsTools,
  options: DeletedGuestsOptions,
): Promise<void> {
  const { running_deleted_instance_action: action, running_deleted_instance_timeout: timeout } = options;
  const strays = await watch.look(ctxt);
  const seenBefore = performance.now() - timeout * 1000;
  const due = strays.filter(({ state, since }) => state === 'deleted' && since <= seenBefore);
  const act = actions.get(action);
  if (!act || due.length === 0 || !(await host.ownRecords.confirm(ctxt))) return;
  for (const { uuid } of due) {
    await locks.run(uuid, async () => {
      // Whatever has happened while this waited: only what the record says now counts.
      const record = await recordOf(host, uuid);
      if (record?.deleted) await attempt(host, record, `${action} a guest`, () => act(host, ctxt, record));
    });
  }
}

type Action = (host: ComputeHost, ctxt: RpcContext, instance: Instance) => Promise<void>;

/** By Nova's names; `noop` does nothing. */
const actions = new Map<string, Action>([
  [
    'log',
    async (host, _ctxt, { uuid }) =>
      host.logger.warn(
        { instance_uuid: uuid, host: host.name },
        'The guest of a deleted instance still runs',
      ),
  ],
  [
    'shutdown',
    async (host, ctxt, instance) => {
      if ((await powerStateOf(host, instance)) !== PowerState.RUNNING) return;
      host.logger.warn(
        { instance_uuid: instance.uuid, host: host.name },
        'Turning off the guest of a deleted instance',
      );
      await host.driver.powerOff(ctxt, instance, false);
    },
  ],
  [
    'reap',
    async (host, ctxt, instance) => {
      host.logger.warn(
        { instance_uuid: instance.uuid, host: host.name },
        'Destroying the guest of a deleted instance',
      );
      await host.driver.destroy(ctxt, instance);
      host.tracker.release(instance.uuid);
    },
  ],
]);
