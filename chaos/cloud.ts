import { Deployment, type DeploymentOptions } from '@mini-nova/deployment';
import { tempDir } from '@mini-nova/testing';

/** Short times, so that a run of minutes sees what takes hours in a cloud. */
const SHORT = {
  OS_DEFAULT__SERVICE_DOWN_TIME: '6',
  OS_DEFAULT__RPC_RESPONSE_TIMEOUT: '10',
  OS_DEFAULT__UPDATE_RESOURCES_INTERVAL: '5',
  OS_DEFAULT__RUNNING_DELETED_INSTANCE_TIMEOUT: '5',
  OS_DEFAULT__RUNNING_DELETED_INSTANCE_POLL_INTERVAL: '5',
  OS_DEFAULT__HEAL_INSTANCE_INFO_CACHE_INTERVAL: '5',
};

export interface DeployedCloud {
  deployment: Deployment;
  /** Holds a file of guests for each host, so that guests outlive their compute. */
  guestsPath: string;
}

export async function startCloud(options: DeploymentOptions): Promise<DeployedCloud> {
  const guestsPath = tempDir('mini-nova-guests-');
  const env = { ...SHORT, OS_FAKE__GUESTS_PATH: guestsPath, ...options.env };
  return { deployment: await Deployment.start({ ...options, env }), guestsPath };
}
