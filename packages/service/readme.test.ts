import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { startNode } from './test/fixture-daemon.ts';

vi.setConfig({ testTimeout: 30_000 });

const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8');
const [daemon = '', caller = ''] = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);

// Both ends in one process, as the memory transport needs it: the caller goes before the daemon waits.
const script = daemon.replace(
  'process.exit(',
  `import { createRpc, RequestContext } from '@mini-nova/service';
  import { Target } from '@mini-nova/messaging';
  setTimeout(async () => {
    ${caller.replace('await client.call', 'const answer = await client.call')}
    console.log(answer);
    process.kill(process.pid, 'SIGTERM');
  });
  process.exit(`,
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
