export type {
  Driver,
  IncomingMessage,
  Listener,
  Reply,
  Request,
  RpcMessage,
  SendOptions,
} from './drivers/driver.ts';
export { type DriverContext, type DriverFactory, registerDriver } from './drivers/driver-registry.ts';
export type { RabbitOptions } from './drivers/rabbit/rabbit-options.ts';
export {
  ClientSendError,
  DriverLoadFailure,
  InvalidTarget,
  InvalidTransportURL,
  MessageDeliveryFailure,
  MessageUndeliverable,
  MessagingError,
  MessagingTimeout,
  NoSuchMethod,
  RemoteError,
  type RemoteErrorData,
  RPCVersionCapError,
  UnsupportedRpcEnvelopeVersion,
  UnsupportedVersion,
} from './errors.ts';
export { type DeserializeFailureOptions, deserializeFailure, serializeFailure } from './failure.ts';
export type { JsonObject, JsonValue } from './json.ts';
export { consoleLogger, type Logger, silentLogger } from './logger.ts';
export type { RpcEvent, RpcObserver } from './observer.ts';
export {
  type Failure,
  isExpectedError,
  markExpected,
  type RemoteErrorType,
  remoteErrors,
} from './remote-errors.ts';
export type { AccessPolicy } from './rpc/access-policy.ts';
export { CallContext, type CallOptions, type PrepareOptions } from './rpc/call-context.ts';
export { type ClientFactory, getRpcClient, RPCClient, type RPCClientOptions } from './rpc/client.ts';
export {
  type AnyContract,
  type CamelCase,
  camelCase,
  type EndpointOf,
  type RpcContract,
} from './rpc/contract.ts';
export { type Around, type DispatcherOptions, MalformedRequest, RPCDispatcher } from './rpc/dispatcher.ts';
export type { EndpointOptions } from './rpc/endpoint.ts';
export { getRpcServer, RPCServer, type RPCServerOptions } from './rpc/server.ts';
export { canSendVersion, isCompatible } from './rpc/version-cap.ts';
export type { RpcContext, Serializer } from './serializer.ts';
export { JsonPrimitiveSerializer } from './serializers/json-primitive-serializer.ts';
export { NoOpSerializer } from './serializers/no-op-serializer.ts';
export { toPrimitive } from './serializers/primitive.ts';
export { Target, type TargetOptions } from './target.ts';
export { getTransport, Transport, type TransportOptions } from './transport.ts';
export { maskPasswords, parseTransportUrl, type TransportHost, type TransportUrl } from './transport-url.ts';
