import { getRabbit, uniqueTopic } from '@mini-nova/testing';
import { test } from 'vitest';
import { RpcFixture } from '../../../packages/messaging/test/rpc-fixture.ts';
import { RawPeer } from './raw-peer.ts';

/** RPC ends on the shared broker, a peer beside them, and an exchange of one's own. */
export interface RabbitTest {
  url: string;
  exchange: string;
  rpc: RpcFixture;
  peer: RawPeer;
}

/** A test with a fixture of its own on the shared broker. */
export function rabbitTest(title: string, run: (context: RabbitTest) => Promise<void>): void {
  test(title, async () => {
    const { url } = await getRabbit();
    const rpc = new RpcFixture(url);
    const peer = await RawPeer.connect(url);
    try {
      await run({ url, rpc, peer, exchange: uniqueTopic('exchange') });
    } finally {
      await rpc.close();
      await peer.close();
    }
  });
}
