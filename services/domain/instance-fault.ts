import { InstanceFault } from '@mini-nova/objects';
import { NovaError } from './exceptions/index.ts';

/** Why an instance failed, as `nova show` tells it. `host`: where it happened, null when on none. */
export function faultOf(instanceUuid: string, error: unknown, host: string | null): InstanceFault {
  return new InstanceFault({
    instance_uuid: instanceUuid,
    code: error instanceof NovaError ? error.httpStatus : 500,
    message: messageOf(error),
    details: tracebackOf(error).join(''),
    host,
  });
}

/** Its class, as Nova's is named in Python. */
export function faultName(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? error.name : error.message;
}

/** The error's stack and those of its causes, innermost first, a line each. */
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
