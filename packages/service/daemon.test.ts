import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeSchema, integer, LiveConfig, string } from '@mini-nova/config';
import { call, clientOf, defineRpc, endpoint, type } from '@mini-nova/messaging';
import { tempDir } from '@mini-nova/testing';
import { expect, expectTypeOf, onTestFinished, test, vi } from 'vitest';
import { createRpc, Daemon, daemonSchema, type LaunchOptions, Manager, RequestContext } from './index.ts';

const greeterRpc = defineRpc(
  { topic: 'greeter' },
  { greet: call('greet', { since: '1.0', to: 'topic', result: type<string>() }) },
);

class GreeterManager extends Manager {
  override readonly endpoints = [endpoint(greeterRpc, this)];

  greet(): string {
    return `hello from ${this.host}`;
  }
}

const ownSchema = composeSchema(daemonSchema, {
  store: { connection: string({ default: '', secret: true, help: '' }) },
});

/** A daemon whose configuration file can be rewritten; it records its launcher's options. */
async function setUp(lines = '') {
  const file = join(tempDir('daemon-'), 'nova.conf');
  const configure = (text: string) =>
    writeFileSync(file, `[DEFAULT]\nhost = h\ntransport_url = memory://${bus}/\n${text}\n`, { mode: 0o600 });
  const bus = randomUUID();
  configure(lines);
  const config = LiveConfig.load({ schema: ownSchema, configFiles: [file], env: {} });
  const log: { level: string; message: string; data: object }[] = [];
  const daemon = await Daemon.create({ name: 'greeter', version: '1.0', config });
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    vi.spyOn(daemon.logger, level).mockImplementation((data: object, message?: string) => {
      log.push({ level, data, message: message ?? '' });
    });
  }
  return { daemon, configure, log };
}

/** Launches the greeter; it stops when the test ends. */
async function launch(daemon: Daemon<typeof ownSchema>, options: LaunchOptions = {}) {
  const service = () =>
    daemon.service({ topic: 'greeter', manager: new GreeterManager({ host: 'h', serviceName: 'greeter' }) });
  const launcher = daemon.launch([service], options);
  onTestFinished(async () => {
    launcher.stop({ quick: true });
    await launcher.wait();
  });
  await vi.waitFor(() => expect(launcher.state).toBe('running'));
  return launcher;
}

test('a service made from its configuration serves on its transport', async () => {
  const { daemon } = await setUp();
  await launch(daemon);
  const transport = daemon.transport('client');
  const Greeter = clientOf(greeterRpc);
  const greeter = new Greeter(createRpc(transport), { timeout: 5 });
  expect(await greeter.greet(new RequestContext())).toBe('hello from h');
  await transport.close();
});

test('a reload changes what can change, and logs what became of each option', async () => {
  const { daemon, configure, log } = await setUp();
  const launcher = await launch(daemon);
  configure('debug = true\nrpc_response_timeout = 7');
  await launcher.reload();
  expect(log).toContainEqual({
    level: 'info',
    message: 'Option changed',
    data: { option: '[DEFAULT] debug', from: 'false', to: 'true' },
  });
  expect(log).toContainEqual({
    level: 'warn',
    message: expect.stringContaining('needs a restart'),
    data: { option: '[DEFAULT] rpc_response_timeout', from: '60', to: '7' },
  });
  expect(daemon.logger.level).toBe('debug');
  expect(daemon.config.DEFAULT.debug).toBe(true);
  expect(daemon.config.DEFAULT.rpc_response_timeout).toBe(60);
});

test('with restart_method reload, the service is made again and every option is read anew', async () => {
  const { daemon, configure } = await setUp('restart_method = reload');
  const launcher = await launch(daemon);
  configure('restart_method = reload\nrpc_response_timeout = 7');
  await launcher.reload();
  expect(launcher.state).toBe('running');
  expect(daemon.config.DEFAULT.rpc_response_timeout).toBe(7);
});

test('a reload of a wrong configuration changes nothing and logs why', async () => {
  const { daemon, configure, log } = await setUp();
  const launcher = await launch(daemon);
  configure('debug = true\nreport_interval = often');
  await launcher.reload();
  expect(daemon.config.DEFAULT.debug).toBe(false);
  expect(log).toContainEqual({
    level: 'error',
    message: 'The configuration cannot be used; nothing has changed',
    data: { err: expect.objectContaining({ message: expect.stringContaining('report_interval = often') }) },
  });
});

test('its configuration has the types of its own options', async () => {
  const schema = composeSchema(daemonSchema, { depot: { shelves: integer({ default: 10, help: '' }) } });
  const daemon = await Daemon.create({ name: 'depot', config: { schema, configFiles: [], env: {} } });
  expectTypeOf(daemon.config.depot.shelves).toEqualTypeOf<number>();
  expectTypeOf(daemon.config.DEFAULT.host).toEqualTypeOf<string>();
  // @ts-expect-error: it is no daemon's schema
  const wrong = () => Daemon.create({ name: 'depot', config: { schema: { depot: schema.depot } } });
  expect([daemon.config.depot.shelves, typeof wrong]).toEqual([10, 'function']);
});

test('a report shows what runs and the configuration, without passwords', async () => {
  const { daemon, log } = await setUp('[store]\nconnection = postgresql://nova:hunter2@db/nova');
  const launcher = await launch(daemon);
  launcher.report();
  const reported = log.find(({ message }) => message === 'Guru Meditation report');
  expect(reported?.data).toMatchObject({
    report: {
      package: { name: 'greeter', version: '1.0' },
      greeter: { state: 'running', topic: 'greeter', handlers_running: [] },
      configuration: { DEFAULT: { host: 'h' }, store: { connection: 'postgresql://nova:***@db/nova' } },
    },
  });
  expect(JSON.stringify(reported)).not.toContain('hunter2');
});
