import { type ChangesOf, type Instance, InstanceFault } from '@mini-nova/objects';
import { NovaError } from './exceptions/index.ts';
import type { ExpectedStates } from './states/expected-states.ts';
import { VmState } from './states/vm-state.ts';

/** Why an instance failed, as `nova show` shows it. `host`: where it failed; null: on no host. */
export function faultOf(instanceUuid: string, error: unknown, host: string | null): InstanceFault {
  return new InstanceFault({
    instance_uuid: instanceUuid,
    code: codeOf(error),
    message: messageOf(error),
    details: tracebackOf(error).join(''),
    host,
  });
}

/** Where instances and their faults are recorded: in a store, or through a conductor. */
export interface InstanceRecords {
  addFault(fault: InstanceFault): Promise<void>;
  update(instance: Instance, changes: ChangesOf<Instance>, expected: ExpectedStates): Promise<unknown>;
}

export interface ErrorEnd {
  /** Where it failed; null: on no host. */
  host: string | null;
  /** For a refusal, whose stack trace says nothing. */
  withoutDetails?: true;
  /** Further changes to save. The task_state becomes null unless they set it. */
  changes?: ChangesOf<Instance>;
  expected?: ExpectedStates;
}

/**
 * Puts an instance into ERROR. The fault is saved first, so that whoever sees ERROR also sees the reason, even if this
 * process is killed in between.
 *
 * @throws what `update` throws
 */
export async function endInError(
  records: InstanceRecords,
  instance: Instance,
  error: unknown,
  { host, withoutDetails, changes = {}, expected = {} }: ErrorEnd,
): Promise<void> {
  const fault = faultOf(instance.uuid, error, host);
  if (withoutDetails) fault.details = null;
  await records.addFault(fault);
  await records.update(instance, { task_state: null, ...changes, vm_state: VmState.ERROR }, expected);
}

/** The name of the error's class, which is the name in Python for Nova's own. */
export function faultName(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? error.name : error.message;
}

/** The stacks of the error and its causes, innermost first, one line each. */
export function tracebackOf(error: unknown): string[] {
  const stacks: string[] = [];
  for (let at: unknown = error; at !== undefined && stacks.length < 10; at = causeOf(at)) {
    stacks.unshift(at instanceof Error && at.stack ? at.stack : messageOf(at));
  }
  return stacks
    .join('\n\nDuring handling of the above exception, another exception occurred:\n\n')
    .split('\n')
    .map((line) => `${line}\n`);
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function codeOf(error: unknown): number {
  if (error instanceof NovaError) return error.httpStatus;
  const isOfHttp = error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';
  return isOfHttp ? Number(error.statusCode) : 500;
}
