import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startNode } from './test/fixture-daemon.ts';

const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8');
const [daemon = '', caller = ''] = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);

// Both ends in one process, as the memory transport needs it: the caller goes before the daemon waits, and asks until it is there.
const script = daemon.replace(
  'await Daemon.run(',
  `import { createRpc, RequestContext, transportOptions } from '@mini-nova/service';
  import { loadConfig } from '@mini-nova/config';
  import { getTransport, MessageUndeliverable, Target } from '@mini-nova/messaging';
  async function ask() {
    const transport = getTransport(transportOptions(loadConfig()));
    try {
      ${caller.replace('await client.call', 'const answer = await client.call')}
      console.log(answer);
      process.kill(process.pid, 'SIGTERM');
    } catch (error) {
      if (!(error instanceof MessageUndeliverable)) throw error;
      setTimeout(ask, 20);
    }
  }
  setTimeout(ask);
  await Daemon.run(`,
);

test('the daemon in the README serves its caller and stops', async () => {
  const node = await startNode(['--input-type=module', '--eval', script], {
    ...process.env,
    OS_DEFAULT__TRANSPORT_URL: `memory://${randomUUID()}/`,
    OS_DEFAULT__HOST: 'here',
  });
  expect(await node.ended, node.output).toBe(0);
  expect(node.stdout).toBe('Hello you, this is here\n');
});
