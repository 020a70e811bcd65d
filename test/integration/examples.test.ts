import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child, getRabbit, pythonWithOsloMessaging, repositoryRoot, runOk } from '@mini-nova/testing';
import { expect, test } from 'vitest';

const EXAMPLES = join(repositoryRoot, 'examples');
const README = join(repositoryRoot, 'packages/messaging/README.md');

/** What the README says that a program prints. */
async function promised(program: string): Promise<string> {
  const readme = await readFile(README, 'utf8');
  const said = new RegExp(`^\`${program}\` prints \`(.*?)\``, 'm').exec(readme)?.[1];
  if (said === undefined) throw new Error(`the README does not say what ${program} prints`);
  return said;
}

test('the example programs talk over RabbitMQ, and print what the README says', async () => {
  const { url } = await getRabbit();
  const python = await pythonWithOsloMessaging();
  const server = await Child.start(process.execPath, [join(EXAMPLES, 'echo-server.mjs'), url]);
  try {
    await server.waitForLine(/^Serving/);
    const client = await runOk(process.execPath, [join(EXAMPLES, 'echo-client.mjs'), url]);
    expect(client).toBe(`${await promised('echo-client.mjs')}\n`);
    // Not to its end: oslo.messaging's thread for metrics takes ten seconds to stop.
    const pythonClient = await Child.start(python, ['-u', join(EXAMPLES, 'echo_client.py'), url]);
    const answer = pythonClient.waitForLine(/^You said/).finally(() => pythonClient.stop('SIGKILL'));
    expect(await answer).toBe(await promised('echo_client.py'));
  } finally {
    const end = await server.stop('SIGINT');
    expect(end, server.output).toBe(0);
  }
  expect(server.output).toBe(`${await promised('echo-server.mjs')}\n`);
});
