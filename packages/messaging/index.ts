export type { Activity, RunningRequest, WaitingCall } from './activity.ts';
export type {
  AckPolicy,
  Driver,
  DriverContext,
  DriverFactory,
  IncomingMessage,
  Listener,
  ListenOptions,
  Reply,
  Request,
  RpcMessage,
  SendOptions,
} from './drivers/driver.ts';
export type { DeadLetter } from './drivers/memory/memory-bus.ts';
export { memoryDeadLetters } from './drivers/memory/memory-driver.ts';
export {
  DeadLetters,
  type DeadLettersOptions,
  type QueuedDeadLetter,
  type Selected,
  type Selection,
} from './drivers/rabbit/dead-letters.ts';
export type { RabbitOptions } from './drivers/rabbit/rabbit-options.ts';
export {
  CallCancelled,
  ClientSendError,
  DriverLoadFailure,
  InvalidTarget,
  InvalidTransportURL,
  MessageDeliveryFailure,
  MessageTooLarge,
  MessageUndeliverable,
  MessagingError,
  MessagingTimeout,
  NoSuchMethod,
  Overloaded,
  type OverloadedData,
  RemoteError,
  type RemoteErrorData,
  RequestRefused,
  RPCVersionCapError,
  ServerLost,
  TopologyMismatch,
  UnsupportedRpcEnvelopeVersion,
  UnsupportedVersion,
} from './errors.ts';
export { type DeserializeFailureOptions, deserializeFailure, serializeFailure } from './failure.ts';
export type {
  IncomingRpc,
  OutgoingRpc,
  RpcEvent,
  RpcHooks,
  TransportEvent,
  TransportEventType,
} from './hooks.ts';
export type { JsonObject, JsonValue } from './json.ts';
export { toPrimitive } from './json.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export { consoleLogger, type Logger, silentLogger } from './logger.ts';
export {
  type Failure,
  isExpectedError,
  markExpected,
  type RemoteErrorType,
  remoteErrors,
} from './remote-errors.ts';
export {
  type ApiClientOptions,
  type AroundSend,
  type ClientClass,
  type ClientOf,
  clientOf,
  type OneCallOptions,
  type OneCastOptions,
} from './rpc/api-client.ts';
export { CallContext } from './rpc/call-context.ts';
export type { CallOptions, PrepareOptions } from './rpc/call-options.ts';
export { type ClientFactory, getRpcClient, RPCClient, type RPCClientOptions } from './rpc/client.ts';
export {
  type AnyDefinition,
  type ArgsOf,
  type CarriedOf,
  call,
  cast,
  type Destination,
  defineRpc,
  type EndpointOf,
  type ResultOf,
  type RpcDefinition,
  type RpcMethod,
  type RpcMethods,
  stream,
  type TypeMark,
  type,
} from './rpc/definition.ts';
export { type Around, type DispatcherOptions, MalformedRequest, RPCDispatcher } from './rpc/dispatcher.ts';
export {
  type AccessPolicy,
  type EndpointOptions,
  type ErrorClass,
  endpoint,
  RpcEndpoint,
} from './rpc/endpoint.ts';
export type { RpcRequest } from './rpc/request.ts';
export {
  getRpcServer,
  RPCServer,
  type RPCServerOptions,
  type ServingOptions,
} from './rpc/server.ts';
export type { DoesNotTravel, JsonWith, Travels } from './rpc/travels.ts';
export { canSendVersion, isCompatible } from './rpc/version-cap.ts';
export type { CarriedBy, RpcContext, Serializer } from './serializers.ts';
export { JsonPrimitiveSerializer, NoOpSerializer } from './serializers.ts';
export { Target, type TargetOptions } from './target.ts';
export {
  getTransport,
  type ReadyOptions,
  registerDriver,
  Transport,
  type TransportOptions,
} from './transport.ts';
export { parseTransportUrl, type TransportHost, type TransportUrl } from './transport-url.ts';
