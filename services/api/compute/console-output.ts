import type { RequestContext } from '@mini-nova/service';
import type { ComputeDependencies } from './dependencies.ts';
import { serverOfProject } from './server-of-project.ts';
import { assertHostUp } from './service-check.ts';

/**
 * What the guest wrote to its console: the last `lines`, or all when null.
 *
 * @throws InstanceNotFound, Conflict when it is on no host yet, ServiceUnavailable, MessagingTimeout
 */
export async function consoleOutput(
  ctxt: RequestContext,
  uuid: string,
  lines: number | null,
  dependencies: ComputeDependencies,
): Promise<string> {
  const instance = await serverOfProject(dependencies.instances, ctxt, uuid);
  await assertHostUp(instance, dependencies);
  return dependencies.compute.getConsoleOutput(ctxt, { instance, tail_length: lines });
}
