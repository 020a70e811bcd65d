import {
  type AccessPolicy,
  type ClientFactory,
  getRpcClient,
  getRpcServer,
  Notifier,
  type NotifierOptions,
  type RPCServer,
  type RpcContext,
  type Serializer,
  type Target,
  type Transport,
} from '@mini-nova/messaging';
import { RequestContext } from './request-context.ts';
import { RequestContextSerializer } from './request-context-serializer.ts';
import { runWithContext } from './request-scope.ts';

export interface RpcOptions {
  /** For arguments and results; contexts are always `RequestContext`s. Default: JsonPrimitiveSerializer. */
  serializer?: Serializer;
  /** How notifiers send. Default: they do not, as oslo.messaging without a driver. */
  notifications?: Pick<NotifierOptions, 'drivers' | 'topics' | 'retry'>;
}

/** Clients, servers and notifiers of one transport that share serializer and request scope. */
export interface Rpc extends ClientFactory {
  getServer(target: Target, endpoints: readonly object[], options?: RpcServingOptions): RPCServer;
  /** Notifies as Nova's services do, as `<service name>.<host>`. */
  getNotifier(serviceName: string, host: string): Notifier;
}

export interface RpcServingOptions {
  /** Default `explicit`: only what an endpoint lists in `rpcMethods` is served. */
  accessPolicy?: AccessPolicy;
  /** Answers `oslo_rpc_server_ping`. Default false. */
  pingEnabled?: boolean;
}

/** Opens nothing. */
export function createRpc(transport: Transport, options: RpcOptions = {}): Rpc {
  const serializer = new RequestContextSerializer(options.serializer);
  return {
    getClient: (target, clientOptions = {}) => {
      const { serializer: own = serializer, ...rest } = clientOptions;
      return getRpcClient(transport, target, { ...rest, serializer: own });
    },
    getServer: (target, endpoints, { accessPolicy = 'explicit', pingEnabled = false } = {}) =>
      getRpcServer(transport, target, endpoints, {
        serializer,
        accessPolicy,
        pingEnabled,
        around: inRequestScope,
      }),
    getNotifier: (serviceName, host) =>
      new Notifier(transport, {
        drivers: [],
        ...options.notifications,
        publisherId: `${serviceName}.${host}`,
        serializer,
      }),
  };
}

function inRequestScope(ctxt: RpcContext, _message: unknown, run: () => Promise<unknown>): Promise<unknown> {
  return ctxt instanceof RequestContext ? runWithContext(ctxt, run) : run();
}
