import { randomUUID } from 'node:crypto';
import {
  type AnyDefinition,
  endpoint,
  getRpcServer,
  getTransport,
  NoOpSerializer,
  type RpcMessage,
  silentLogger,
  Target,
} from '@mini-nova/messaging';
import { type NovaObject, NovaObjectSerializer } from '@mini-nova/objects';
import { createRpc, type Rpc } from '@mini-nova/service';
import { onTestFinished } from 'vitest';

export interface RecordingPeer {
  /** The RPC for clients of the peer. */
  rpc: Rpc<NovaObject>;
  /** The messages that the peer received, as they arrived over the wire. */
  messages: RpcMessage[];
}

export interface RecordingPeerOptions<D extends AnyDefinition> {
  /** The host of the peer. Default `host`. */
  server?: string;
  /** Default: the topic of the API. */
  topic?: string;
  /** The answers of its methods, as they go over the wire. Default: null. */
  replies?: { [K in keyof D['methods']]?: unknown };
}

/** A peer that serves an API. */
export async function recordingPeer<D extends AnyDefinition>(
  api: D,
  { server = 'host', topic = api.target.topic ?? '', replies = {} }: RecordingPeerOptions<D> = {},
): Promise<RecordingPeer> {
  const messages: RpcMessage[] = [];
  const answers: { [method: string]: unknown } = replies;
  const methods = Object.keys(api.methods).map((name) => [name, async () => answers[name] ?? null]);
  const peer = endpoint<AnyDefinition>(api, Object.fromEntries(methods));
  const transport = getTransport({ url: `memory://peer-${randomUUID()}/`, logger: silentLogger });
  const rpcServer = getRpcServer(transport, new Target({ topic, server }), [peer], {
    serializer: new NoOpSerializer(),
    around: (_ctxt, message, run) => {
      messages.push(message);
      return run();
    },
  });
  await rpcServer.start();
  onTestFinished(async () => {
    await rpcServer.stop();
    await transport.close();
  });
  return { rpc: createRpc(transport, { serializer: new NovaObjectSerializer() }), messages };
}
