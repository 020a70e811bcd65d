import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Child,
  getRabbit,
  pythonWithOsloMessaging,
  repositoryRoot,
  runOk,
  tempDir,
} from '@mini-nova/testing';
import { describe, expect, test } from 'vitest';

const EXAMPLES = join(repositoryRoot, 'examples');
const README = join(repositoryRoot, 'packages/messaging/README.md');

/** A program's output according to the README. */
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
    // Without waiting for its end: oslo.messaging's thread for metrics takes ten seconds to stop.
    const pythonClient = await Child.start(python, ['-u', join(EXAMPLES, 'echo_client.py'), url]);
    const answer = pythonClient.waitForLine(/^You said/).finally(() => pythonClient.stop('SIGKILL'));
    expect(await answer).toBe(await promised('echo_client.py'));
  } finally {
    const end = await server.stop('SIGINT');
    expect(end, server.output).toBe(0);
  }
  expect(server.output).toBe(`${await promised('echo-server.mjs')}\n`);
});

test.each([1, 2])('the custom daemon serves its caller with %d workers, and stops', async (workers) => {
  const { url } = await getRabbit();
  const env = {
    ...process.env,
    OS_DEFAULT__TRANSPORT_URL: url,
    // The tests of the other number of workers run on the same broker.
    OS_DEFAULT__CONTROL_EXCHANGE: `greeter-${workers}`,
    OS_DEFAULT__HOST: `host${workers}`,
  };
  const daemon = await Child.start(process.execPath, [join(EXAMPLES, 'greeter.mjs'), String(workers)], {
    env,
  });
  try {
    await daemon.waitForLine(/Service started/);
    const answer = await runOk(process.execPath, [join(EXAMPLES, 'greeter-client.mjs')], { env });
    expect(answer).toBe(`Hello you, this is host${workers}\n`);
  } finally {
    const end = await daemon.stop('SIGTERM');
    expect(end, daemon.output).toBe(0);
  }
});

test('the custom daemon and its API have twenty-five lines', async () => {
  const programs = ['greeter.mjs', 'greeter-rpc.mjs'].map((name) => readFile(join(EXAMPLES, name), 'utf8'));
  const lines = (await Promise.all(programs)).map((text) => text.trimEnd().split('\n').length);
  expect(lines.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(25);
});

test('the custom daemon refuses a configuration that cannot be used, and says why', async () => {
  const env = { ...process.env, OS_DEFAULT__REPORT_INTERVAL: 'often' };
  const daemon = await Child.start(process.execPath, [join(EXAMPLES, 'greeter.mjs')], { env });
  expect(await daemon.ended).toBe(2);
  expect(daemon.stderr).toBe(
    'environment variable OS_DEFAULT__REPORT_INTERVAL: [DEFAULT] report_interval = often: must be a number from 0.1 to 2147483 (seconds)\n',
  );
});

describe('the daemon with options of its own', () => {
  async function configured(text: string): Promise<string> {
    const file = join(tempDir(), 'depot.conf');
    await writeFile(file, text, { mode: 0o600 });
    return file;
  }

  test('applies them, and SIGHUP changes those that are mutable', async () => {
    const { url } = await getRabbit();
    const env = { ...process.env, OS_DEFAULT__TRANSPORT_URL: url, OS_DEFAULT__HOST: 'here' };
    const ask = () => runOk(process.execPath, [join(EXAMPLES, 'depot-client.mjs')], { env });
    const file = await configured('[depot]\nshelves = 7\n');
    const daemon = await Child.start(process.execPath, [join(EXAMPLES, 'depot.mjs'), file], { env });
    try {
      await daemon.waitForLine(/Service started/);
      expect(await ask()).toBe('The depot on here has 7 shelves\n');
      await writeFile(file, '[depot]\nshelves = 8\nsign = The cellar\n');
      daemon.signal('SIGHUP');
      await daemon.waitForLine(/Option changed.*needs a restart/);
      expect(await ask()).toBe('The cellar has 7 shelves\n');
    } finally {
      const end = await daemon.stop('SIGTERM');
      expect(end, daemon.output).toBe(0);
    }
  });

  test('refuses what they do not allow', async () => {
    const file = await configured('[depot]\nshelves = none\n');
    const daemon = await Child.start(process.execPath, [join(EXAMPLES, 'depot.mjs'), file]);
    expect(await daemon.ended).toBe(2);
    expect(daemon.stderr).toBe(
      `${file}:2: [depot] shelves = none: must be an integer from 1 to 2147483647\n`,
    );
  });
});
