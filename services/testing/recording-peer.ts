import { randomUUID } from 'node:crypto';
import {
  camelCase,
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
  /** For clients of the peer. */
  rpc: Rpc<NovaObject>;
  /** What the peer received, as it came over the wire. */
  messages: RpcMessage[];
}

/** A peer that serves these methods of a topic, and answers what `replies` has for them, or null. */
export async function recordingPeer(
  {
    topic,
    server,
    namespace,
    version,
  }: { topic: string; server: string; namespace: string | null; version: string },
  methods: readonly string[],
  replies: Record<string, unknown> = {},
): Promise<RecordingPeer> {
  const messages: RpcMessage[] = [];
  const endpoint: Record<string, unknown> = { target: new Target({ namespace, version }) };
  for (const method of methods) endpoint[camelCase(method)] = async () => replies[method] ?? null;
  const transport = getTransport({ url: `memory://peer-${randomUUID()}/`, logger: silentLogger });
  const rpcServer = getRpcServer(transport, new Target({ topic, server }), [endpoint], {
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
