import { test } from 'vitest';
import { RpcFixture } from '../rpc-fixture.ts';

/** A test with a fixture of its own, which is closed after it. */
export function rpcTest(
  title: string,
  url: () => string | Promise<string>,
  run: (rpc: RpcFixture) => Promise<void>,
): void {
  test(title, async () => {
    const rpc = new RpcFixture(await url());
    try {
      await run(rpc);
    } finally {
      await rpc.close();
    }
  });
}
