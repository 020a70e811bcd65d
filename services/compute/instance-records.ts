import { InstanceNotFound, isEnded } from '@mini-nova/domain/exceptions';
import { type ErrorEnd, endInError, type InstanceRecords, messageOf } from '@mini-nova/domain/instance-fault';
import type { ExpectedStates } from '@mini-nova/domain/states/expected-states';
import type { RpcContext } from '@mini-nova/messaging';
import type { ChangesOf, Instance } from '@mini-nova/objects';
import { currentContext, RequestContext } from '@mini-nova/service';
import type { ComputeHost } from './compute-host.ts';

type Records = Pick<ComputeHost, 'conductor'>;

/** The instance as it is now. Undefined: it is deleted or unknown. */
export async function currentInstance(
  { conductor }: Records,
  ctxt: RpcContext,
  uuid: string,
): Promise<Instance | undefined> {
  try {
    return await conductor.instanceGetByUuid(ctxt, uuid);
  } catch (error) {
    if (error instanceof InstanceNotFound) return undefined;
    throw error;
  }
}

/** Undefined: it was deleted, or is on another host. */
export async function currentHere(
  host: Records & Pick<ComputeHost, 'name'>,
  ctxt: RpcContext,
  uuid: string,
): Promise<Instance | undefined> {
  const instance = await currentInstance(host, ctxt, uuid);
  return instance?.host === host.name ? instance : undefined;
}

/** The instance's record, even if deleted. Undefined: there is none, which proves nothing about the instance. */
export async function recordOf(
  host: Pick<ComputeHost, 'conductor'>,
  uuid: string,
): Promise<Instance | undefined> {
  return (await recordsOf(host, [uuid])).get(uuid);
}

/** The records of these instances, including deleted ones. */
export async function recordsOf(
  { conductor }: Pick<ComputeHost, 'conductor'>,
  uuids: readonly string[],
): Promise<Map<string, Instance>> {
  const ctxt = (currentContext() ?? RequestContext.admin()).elevated({ read_deleted: 'yes' });
  const records = await conductor.instanceRecords(ctxt, uuids);
  return new Map(records.map((record) => [record.uuid, record]));
}

/** Saves the changes if the instance is as expected. False: another operation has taken it over or deleted it. */
export async function saveIfExpected(
  host: Pick<ComputeHost, 'conductor' | 'logger'>,
  ctxt: RpcContext,
  instance: Instance,
  changes: ChangesOf<Instance>,
  expected: ExpectedStates,
): Promise<boolean> {
  try {
    await host.conductor.instanceSave(ctxt, instance, changes, expected);
    return true;
  } catch (error) {
    if (!isEnded(error)) throw error;
    const data = { instance_uuid: instance.uuid, reason: messageOf(error) };
    host.logger.info(data, 'The instance is not as expected');
    return false;
  }
}

/** Puts an instance of this host into ERROR with a fault. False: another operation has changed it meanwhile. */
export async function endUnlessChanged(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  error: unknown,
  end: Omit<ErrorEnd, 'host'>,
): Promise<boolean> {
  try {
    await endInError(throughConductor(host, ctxt), instance, error, { ...end, host: host.name });
    return true;
  } catch (failure) {
    if (isEnded(failure)) return false;
    throw failure;
  }
}

function throughConductor({ conductor }: ComputeHost, ctxt: RpcContext): InstanceRecords {
  return {
    addFault: (fault) => conductor.faultCreate(ctxt, fault),
    update: (instance, changes, expected) => conductor.instanceSave(ctxt, instance, changes, expected),
  };
}
