import type { InstanceStore } from '@mini-nova/data/instances/store';
import { InstanceNotFound } from '@mini-nova/domain/exceptions';
import type { Instance } from '@mini-nova/objects';
import type { RequestContext } from '@mini-nova/service';

/** The server, if it is of the request's project: another's is not there for it. @throws InstanceNotFound */
export async function serverOfProject(
  instances: InstanceStore,
  ctxt: RequestContext,
  uuid: string,
): Promise<Instance> {
  const instance = await instances.getByUuid(uuid);
  if (instance.project_id !== ctxt.project_id) throw new InstanceNotFound({ instance_id: uuid });
  return instance;
}
