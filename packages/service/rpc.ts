import {
  type AnyDefinition,
  type CarriedBy,
  type ClientFactory,
  getRpcClient,
  getRpcServer,
  type RPCServer,
  type RpcContext,
  type RpcEndpoint,
  type Serializer,
  type Target,
  type Transport,
} from '@mini-nova/messaging';
import { Notifier, type NotifierOptions } from '@mini-nova/messaging/notifications';
import { RequestContext } from './request-context.ts';
import { RequestContextSerializer } from './request-context-serializer.ts';
import { runWithContext } from './request-scope.ts';

export interface RpcOptions<S extends Serializer = Serializer> {
  /** For arguments and results; contexts are always `RequestContext`s. Default: JsonPrimitiveSerializer. */
  serializer?: S;
  /** How notifiers send. Default: not at all, as in oslo.messaging without a driver. */
  notifications?: NotificationWays;
}

export interface NotificationWays extends Pick<NotifierOptions, 'drivers' | 'topics' | 'retry'> {
  /** Whether there are unversioned ones. Default true. */
  unversioned?: boolean;
  /** Topics of versioned ones. Default: there are none. */
  versionedTopics?: readonly string[];
}

/**
 * Clients, servers and notifiers of one transport that share serializer and request scope. `Carried`: what the
 * serializer carries besides JSON.
 */
export interface Rpc<Carried = never> extends ClientFactory<Carried> {
  getServer<D extends AnyDefinition>(
    target: Target,
    endpoints: readonly (RpcEndpoint<D> & { readonly carried?: Carried })[],
    options?: RpcServingOptions,
  ): RPCServer<D>;
  /** Notifies as Nova's services do, as `<service name>.<host>`. */
  getNotifier(serviceName: string, host: string): Notifier;
  /** For notifications that are versioned objects; `publisherId` as Nova's: `nova-compute:host1`. */
  getVersionedNotifier(publisherId: string): Notifier;
}

export interface RpcServingOptions {
  /** Answers `oslo_rpc_server_ping`. Default false. */
  pingEnabled?: boolean;
}

/** Opens nothing. */
export function createRpc<S extends Serializer = Serializer>(
  transport: Transport,
  options: RpcOptions<S> = {},
): Rpc<CarriedBy<S>> {
  const serializer = new RequestContextSerializer(options.serializer);
  const {
    drivers = [],
    topics,
    unversioned = true,
    versionedTopics = [],
    ...retry
  } = options.notifications ?? {};
  const sending = { serializer, ...retry };
  return {
    getClient: (target, clientOptions = {}) => {
      const { serializer: own = serializer, ...rest } = clientOptions;
      return getRpcClient(transport, target, { ...rest, serializer: own });
    },
    getServer: <D extends AnyDefinition>(
      target: Target,
      endpoints: readonly RpcEndpoint<D>[],
      { pingEnabled = false }: RpcServingOptions = {},
    ) => {
      const served: readonly RpcEndpoint[] = endpoints;
      const serving = { serializer, pingEnabled, around: inRequestScope };
      return getRpcServer(transport, target, served, serving) as RPCServer<D>;
    },
    getNotifier: (serviceName, host) =>
      new Notifier(transport, {
        ...sending,
        drivers: unversioned ? drivers : [],
        ...(topics && { topics }),
        publisherId: `${serviceName}.${host}`,
      }),
    getVersionedNotifier: (publisherId) =>
      new Notifier(transport, {
        ...sending,
        drivers: versionedTopics.length > 0 ? drivers : [],
        topics: versionedTopics,
        publisherId,
      }),
  };
}

function inRequestScope(ctxt: RpcContext, _message: unknown, run: () => Promise<unknown>): Promise<unknown> {
  return ctxt instanceof RequestContext ? runWithContext(ctxt, run) : run();
}
