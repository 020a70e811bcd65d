import type { computeRpc } from '@mini-nova/compute/rpcapi';
import {
  BuildAbortException,
  InstanceNotFound,
  isEnded,
  NovaError,
  RescheduledException,
} from '@mini-nova/domain/exceptions';
import type { FilterProperties } from '@mini-nova/domain/filter-properties';
import { messageOf, tracebackOf } from '@mini-nova/domain/instance-fault';
import { isOutage } from '@mini-nova/domain/outage-retry';
import { TaskState } from '@mini-nova/domain/states/task-state';
import type { ArgsOf, RpcContext } from '@mini-nova/messaging';
import { attempt } from '../best-effort.ts';
import type { ComputeHost } from '../compute-host.ts';
import { recordOf, saveIfExpected } from '../instance-records.ts';
import type { Claim } from '../resources/resource-tracker.ts';
import { releaseHere } from '../resources/resource-tracker.ts';
import { abortBuild, leaveEndedBuild, stillBuilding, undoBuild, withoutHost } from './build-end.ts';

export type BuildArgs = ArgsOf<typeof computeRpc, 'buildAndRunInstance'>;

/** The hypervisor could not make the guest; `cause` is its error. */
export class GuestFailure extends Error {
  readonly code = 'GUEST_FAILURE';

  /** A BuildAbortException, by which the driver says that no host would do better, is kept as it is. */
  static from(error: unknown): Error {
    if (error instanceof BuildAbortException) return error;
    return new GuestFailure(messageOf(error), { cause: error });
  }

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GuestFailure';
  }
}

/**
 * Undoes a failed build, and sends the instance to another host or puts it into ERROR. Never throws: a build whose
 * failure cannot be reported now is ended by the conductor's sweep.
 */
export async function handleBuildFailure(
  host: ComputeHost,
  ctxt: RpcContext,
  args: BuildArgs,
  { error, claim }: { error: unknown; claim: Claim | undefined },
): Promise<void> {
  const { instance } = args;
  host.notifications.tell(ctxt, instance, 'create.error', { fault: error });
  if (error instanceof InstanceNotFound && !(await isDeleted(host, instance.uuid))) {
    await leaveAlone(host, instance.uuid, claim);
    return;
  }
  const clean = await undoBuild(host, ctxt, instance);
  if (clean) claim?.release();
  else claim?.keep();
  if (isEnded(error)) {
    host.logger.info(
      { instance_uuid: instance.uuid, host: host.name },
      'The build was ended meanwhile, and is undone',
    );
    await attempt(host, instance, 'leave the host after a build that was ended', () =>
      leaveEndedBuild(host, ctxt, instance.uuid),
    );
    return;
  }
  const { retry } = args.filter_properties;
  if (clean && retry && mayWorkElsewhere(error)) {
    const step = () => reschedule(host, ctxt, args, { error, retry });
    if (await attempt(host, instance, 're-schedule a failed build', step)) return;
  }
  await attempt(host, instance, 'end a failed build', () =>
    abortBuild(host, ctxt, instance, { error, clean }),
  );
}

/** A record that is missing or cannot be read is no evidence of a deletion. */
async function isDeleted(host: ComputeHost, uuid: string): Promise<boolean> {
  try {
    return (await recordOf(host, uuid))?.deleted === true;
  } catch (error) {
    host.logger.warn(
      { instance_uuid: uuid, host: host.name, reason: messageOf(error) },
      'The record of an instance that is being built cannot be read',
    );
    return false;
  }
}

/** The conductor's database is not the one that ordered the build. Once the right one is back, its sweep ends the build. */
async function leaveAlone(host: ComputeHost, uuid: string, claim: Claim | undefined): Promise<void> {
  const hasGuest = (await host.driver.listInstanceUuids()).includes(uuid);
  if (hasGuest) claim?.keep();
  else claim?.release();
  host.logger.warn(
    { instance_uuid: uuid, host: host.name, guest: hasGuest },
    'There is no record of an instance that is being built: what was made is left alone',
  );
}

async function reschedule(
  host: ComputeHost,
  ctxt: RpcContext,
  args: BuildArgs,
  { error, retry }: { error: unknown; retry: NonNullable<FilterProperties['retry']> },
): Promise<void> {
  const { instance } = args;
  const reason = messageOf(error);
  const data = { instance_uuid: instance.uuid, host: host.name, reason };
  host.logger.warn(data, 'The build failed here and is re-scheduled');
  await releaseHere(host, ctxt, instance.uuid);
  const changes = { ...withoutHost(instance), task_state: TaskState.SCHEDULING };
  if (!(await saveIfExpected(host, ctxt, instance, changes, stillBuilding)))
    return leaveEndedBuild(host, ctxt, instance.uuid);
  const rescheduled = new RescheduledException({ instance_uuid: instance.uuid, reason }, { cause: error });
  await host.computeTask.buildInstances(ctxt, {
    instances: [instance],
    image: args.image,
    filter_properties: {
      ...args.filter_properties,
      retry: { ...retry, exc: tracebackOf(rescheduled), exc_reason: reason },
    },
    admin_password: args.admin_password,
    injected_files: args.injected_files,
    requested_networks: args.requested_networks,
    security_groups: args.security_groups,
    request_spec: args.request_spec,
    host_lists: [args.host_list ?? []],
  });
}

/**
 * Whether another host may do better. Not when the request itself was refused (a port in use, no free address), nor
 * when nobody answers: then the conductor, which would choose the host, is away too.
 */
function mayWorkElsewhere(error: unknown): boolean {
  if (error instanceof BuildAbortException || isOutage(error)) return false;
  return !(error instanceof NovaError && error.httpStatus < 500);
}
