import type { EndpointOptions } from './endpoint.ts';

/** The wire name of oslo.messaging's ping, which tells whether a server answers on its queues. */
export const PING_METHOD = 'oslo_rpc_server_ping';

/** In the root namespace at version 1.0, as oslo.messaging serves it with its option `rpc_ping_enabled`. */
export class PingEndpoint implements EndpointOptions {
  readonly rpcMethods = [PING_METHOD];

  osloRpcServerPing(): string {
    return 'pong';
  }
}
