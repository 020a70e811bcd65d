import {
  type PowerOperation,
  type PowerOperationName,
  powerOperationNames,
  powerOperations,
} from '@mini-nova/domain/operations';
import { consoleOutput } from './console-output.ts';
import { changePower } from './power.ts';
import { reboot } from './reboot.ts';
import type { ServerAction } from './server-action.ts';

/** Every action of `POST /servers/{id}/action`: those of the operations that need no more than their row, and the others. */
export const serverActions: ReadonlyMap<string, ServerAction> = new Map<string, ServerAction>([
  ...powerOperationNames.flatMap((name): [string, ServerAction][] => {
    const { action, hasBody }: PowerOperation = powerOperations[name];
    return hasBody ? [] : [[action, withoutBody(name)]];
  }),
  ['reboot', reboot],
  ['os-getConsoleOutput', consoleOutput],
]);

function withoutBody(name: PowerOperationName): ServerAction {
  return {
    schema: { type: ['null', 'object'], maxProperties: 0 },
    async run(stores, uuid, _body, dependencies) {
      await changePower(stores, uuid, name, dependencies);
      return undefined;
    },
  };
}
