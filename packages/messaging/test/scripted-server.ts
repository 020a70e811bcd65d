import type { RpcEvent, RpcHooks } from '../hooks.ts';
import { getRpcServer, type RPCServerOptions } from '../rpc/server.ts';
import { Target } from '../target.ts';
import { Transport } from '../transport.ts';
import { RecordingLogger } from './recording-logger.ts';
import { ScriptedDriver, type ScriptedIncoming } from './scripted-driver.ts';

export const SERVER_TARGET = new Target({ topic: 'compute', server: 'host1' });

/** A started server of one endpoint, whose requests the test hands over itself. */
export async function serveScripted(
  endpoint: object,
  options: RPCServerOptions = {},
  hooks: readonly RpcHooks[] = [],
) {
  const driver = new ScriptedDriver();
  const logger = new RecordingLogger();
  const events: RpcEvent[] = [];
  const recording: RpcHooks = { onRpc: (event) => void events.push(event) };
  const transport = new Transport(driver, { logger, hooks: [recording, ...hooks] });
  const server = getRpcServer(transport, SERVER_TARGET, [endpoint], options);
  await server.start();
  return { driver, logger, events, server };
}

/** The failure that a call was answered with. */
export function failureOf(incoming: ScriptedIncoming) {
  return JSON.parse(incoming.replies[0]?.failure ?? 'null');
}
