import type { ServerStatus } from '@mini-nova/domain/states/vm-state';

/** An action that changes what a server does: start, stop, reboot and the like. Actions of one name differ only in their bodies. */
export interface PowerAction {
  /** The client's command: `stop`. */
  name: string;
  description: string;
  /** What is being done: `starting`. */
  activity: string;
  /** The status that a server has afterwards. */
  until: ServerStatus;
  /** The key of the request's body. Its value is null, unless `hasBody`. */
  action: string;
  hasBody: boolean;
}
