import { type PowerOperation, powerOperationNames, powerOperations } from '@mini-nova/domain/operations';
import { type ServerStatus, vmStates } from '@mini-nova/domain/states/vm-state';

/** An action that changes what a server does: start, stop, reboot and the like. */
export interface PowerAction {
  /** As users call it. */
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

/** Those of one name differ in their bodies alone. */
export const powerActions: readonly PowerAction[] = [
  ...new Map(
    powerOperationNames.map((name) => [powerOperations[name].name, powerAction(powerOperations[name])]),
  ).values(),
];

function powerAction({ name, action, hasBody, result, command }: PowerOperation): PowerAction {
  return { name, action, hasBody: hasBody === true, until: vmStates[result].status, ...command };
}
