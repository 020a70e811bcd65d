import type { ExpectedStates } from '@mini-nova/domain/states/expected-states';
import { type PowerOutcome, powerOutcome, wayOf } from '@mini-nova/domain/states/instance-states';
import { PowerState } from '@mini-nova/domain/states/power-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { attempt } from './best-effort.ts';
import type { ComputeHost } from './compute-host.ts';
import { currentHere, endUnlessChanged, saveIfExpected } from './instance-records.ts';
import { isBetweenHosts } from './moves.ts';
import { leaveHost } from './operations/build-end.ts';
import { guestPowerOf, powerStateOf } from './operations/power.ts';

/**
 * Makes the records of instances at rest agree with their guests. As in Nova, an instance whose guest has stopped by
 * itself becomes STOPPED, and a guest that runs although its instance is STOPPED is stopped. An instance without a guest
 * goes to ERROR; Nova only logs it. A failed build that could not leave this host gets another chance. For an instance
 * between two hosts only the power state is recorded: its guest may be on the other host.
 */
export async function syncPowerStates(host: ComputeHost, ctxt: RpcContext): Promise<void> {
  if (host.ownRecords.suspension) return;
  for (const instance of await host.conductor.instancesByHost(ctxt, host.name)) {
    // An operation under way leaves the record in order by itself.
    if (host.locks.isHeld(instance.uuid)) continue;
    await attempt(host, instance, 'synchronize the power state', () => syncInstance(host, ctxt, instance));
  }
}

async function syncInstance(host: ComputeHost, ctxt: RpcContext, listed: Instance): Promise<void> {
  if (!(await differenceOf(host, listed))) return;
  // Read again: since the list was read, an operation may have changed the instance, or a move may have begun.
  await host.locks.run(listed.uuid, async () => {
    const instance = await currentHere(host, ctxt, listed.uuid);
    const difference = instance && (await differenceOf(host, instance));
    if (!difference) return;
    if (!isPowerStateOnly(difference) && (await isBetweenHosts(host, ctxt, instance.uuid))) return;
    await settle(host, ctxt, instance, difference);
  });
}

interface Difference {
  outcome: PowerOutcome | 'leave the host';
  /** The guest's power state; undefined: there is no guest. */
  guest: number | undefined;
}

function isPowerStateOnly({ outcome, guest }: Difference): boolean {
  return outcome === 'record' && guest !== undefined;
}

/** Undefined: the record and the guest agree, or the difference is not for this task. */
async function differenceOf(host: ComputeHost, instance: Instance): Promise<Difference | undefined> {
  const way = wayOf(instance);
  if (way === 'leave the host') return { outcome: way, guest: undefined };
  if (way !== 'rest') return undefined;
  const guest = await guestPowerOf(host, instance);
  const outcome = powerOutcome(instance.vm_state, guest);
  if (outcome === 'record' && instance.power_state === (guest ?? PowerState.NOSTATE)) return undefined;
  return { outcome, guest };
}

async function settle(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  { outcome, guest = PowerState.NOSTATE }: Difference,
): Promise<void> {
  const { vm_state, power_state, uuid } = instance;
  host.logger.warn(
    { instance_uuid: uuid, host: host.name, vm_state, recorded: power_state, guest, outcome },
    'The record and the guest of an instance differ',
  );
  switch (outcome) {
    case 'record':
      await saveIfExpected(host, ctxt, instance, { power_state: guest }, atRest(instance));
      return;
    case 'stop':
      await host.driver.powerOff(ctxt, instance, false);
      await saveIfExpected(
        host,
        ctxt,
        instance,
        { vm_state: VmState.STOPPED, power_state: await powerStateOf(host, instance) },
        atRest(instance),
      );
      return;
    case 'declare an error':
      await endUnlessChanged(host, ctxt, instance, new GuestMissing(host.name), {
        changes: { power_state: guest },
        expected: atRest(instance),
      });
      return;
    case 'leave the host':
      return leaveHost(host, ctxt, instance);
  }
}

/** The host has no guest for an instance that should have one. */
export class GuestMissing extends Error {
  readonly code = 'GUEST_MISSING';

  constructor(host: string) {
    super(`The guest is not on host ${host}.`);
    this.name = 'GuestMissing';
  }
}

function atRest({ vm_state }: Instance): ExpectedStates {
  return { vmState: [vm_state], taskState: [null] };
}
