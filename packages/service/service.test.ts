import { randomUUID } from 'node:crypto';
import { loadConfig } from '@mini-nova/config';
import {
  call,
  defineRpc,
  endpoint,
  getTransport,
  MessagingTimeout,
  NoSuchMethod,
  RPCClient,
  ServerLost,
  silentLogger,
  Target,
  type Transport,
  type,
  UnsupportedVersion,
} from '@mini-nova/messaging';
import { NOTIFICATIONS, Notifier, resetNotifications } from '@mini-nova/messaging/notifications';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createRpc,
  currentContext,
  Manager,
  type PeriodicTask,
  RequestContext,
  Service,
  type ServiceOptions,
  ServiceStopped,
  serviceOptions,
} from './index.ts';
import { findingsOf } from './observability/readiness.ts';
import { daemonSchema } from './options/index.ts';
import { RecordingLogger } from './test/recording-logger.ts';

const ctxt = new RequestContext({ user_id: 'tester' });

const journalRpc = defineRpc(
  { topic: 'test', version: '2.1' },
  {
    whoami: call('whoami', { since: '2.0', to: 'topic', result: type<string>() }),
    hold: call('hold', { since: '2.0', to: 'topic', result: type<string>() }),
  },
);

/** Records the steps of the life cycle, and fails where told to. */
class JournalManager extends Manager {
  override readonly endpoints = [endpoint(journalRpc, this)];
  readonly journal: string[] = [];
  failIn: string | undefined;
  hangIn: string | undefined;
  release = () => {};

  constructor() {
    super({ host: 'host1', serviceName: 'test' });
  }

  whoami(context: RequestContext): string {
    return `${context.user_id} ${currentContext() === context}`;
  }

  async hold(): Promise<string> {
    this.journal.push('hold');
    await new Promise<void>((resolve) => {
      this.release = resolve;
    });
    this.journal.push('held');
    return 'held';
  }

  override periodicTasks(): PeriodicTask[] {
    return [{ name: 'tick', spacing: 0.01, run: async () => this.note('tick') }];
  }

  override initHost = () => this.note('initHost');
  override preStartHook = () => this.note('preStartHook');
  override postStartHook = () => this.note('postStartHook');
  override cleanupHost = () => this.note('cleanupHost');

  async note(step: string): Promise<void> {
    if (this.journal.at(-1) !== step) this.journal.push(step);
    if (this.failIn === step) throw new Error(`${step} failed`);
    if (this.hangIn === step) await new Promise(() => {});
  }
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A service on a bus of its own, and a client of it. */
function setUp(options: Partial<ServiceOptions> = {}) {
  const url = `memory://${randomUUID()}/`;
  const transport = getTransport({ url, logger: silentLogger });
  const clientTransport = getTransport({ url, logger: silentLogger, rpcResponseTimeout: 5 });
  const manager = new JournalManager();
  const records = {
    register: vi.fn(() => manager.note('register')),
    heartbeat: vi.fn(() => manager.note('heartbeat')),
    stopped: vi.fn(() => manager.note('stopped')),
  };
  const logger = new RecordingLogger();
  const service = Service.create({
    binary: 'nova-test',
    topic: 'test',
    manager,
    transport,
    records,
    reportInterval: 3600,
    periodicFuzzyDelay: 0,
    periodicEnable: false,
    gracefulShutdownTimeout: 5,
    logger,
    release: () => manager.note('release'),
    ...options,
  });
  const client = createRpc(clientTransport).getClient(new Target({ topic: 'test', version: '2.0' }));
  cleanups.push(async () => {
    manager.release();
    await service.stop().catch(() => {});
    await clientTransport.close();
  });
  return { service, manager, records, logger, client, transport };
}

/** Notes when the transport closes and the server's consumers start and stop. */
function watch(transport: Transport, journal: string[]) {
  const { driver } = transport;
  const listen = driver.listen.bind(driver);
  driver.listen = async (...args) => {
    const listener = await listen(...args);
    journal.push('listen');
    const stop = listener.stop.bind(listener);
    listener.stop = async () => {
      journal.push('unlisten');
      await stop();
    };
    return listener;
  };
  const close = driver.close.bind(driver);
  driver.close = async () => {
    journal.push('close');
    await close();
  };
}

describe('start', () => {
  test('runs its steps in order', async () => {
    const { service, manager, transport } = setUp();
    watch(transport, manager.journal);
    expect(service.state).toBe('created');
    const starting = service.start();
    expect(service.state).toBe('starting');
    await starting;
    expect(service.state).toBe('running');
    expect(manager.journal).toEqual(['initHost', 'preStartHook', 'register', 'listen', 'postStartHook']);
  });

  test('registers host, binary, topic and version', async () => {
    const { service, records } = setUp({ version: 66 });
    await service.start();
    expect(records.register).toHaveBeenCalledExactlyOnceWith({
      host: 'host1',
      binary: 'nova-test',
      topic: 'test',
      version: 66,
    });
  });

  test('sends heartbeats and runs periodic tasks afterwards', async () => {
    const { service, manager, records } = setUp({ reportInterval: 0.01, periodicEnable: true });
    await service.start();
    await vi.waitFor(() => expect(manager.journal).toContain('tick'));
    await vi.waitFor(() => expect(records.heartbeat.mock.calls.length).toBeGreaterThan(1));
    expect(manager.journal.indexOf('tick')).toBeGreaterThan(manager.journal.indexOf('postStartHook'));
  });

  test('is idempotent', async () => {
    const { service, manager } = setUp();
    await Promise.all([service.start(), service.start()]);
    await service.start();
    expect(manager.journal.filter((step) => step === 'initHost')).toHaveLength(1);
  });

  test('works without service records', async () => {
    const { service, client } = setUp({ records: undefined });
    await service.start();
    expect(await client.call(ctxt, 'whoami', {})).toBe('tester true');
  });

  test.each([
    ['initHost', ['initHost', 'close', 'release']],
    ['preStartHook', ['initHost', 'preStartHook', 'cleanupHost', 'close', 'release']],
    ['register', ['initHost', 'preStartHook', 'register', 'cleanupHost', 'close', 'release']],
    [
      'postStartHook',
      [
        'initHost',
        'preStartHook',
        'register',
        'listen',
        'postStartHook',
        'unlisten',
        'stopped',
        'cleanupHost',
        'close',
        'release',
      ],
    ],
  ])('that fails in %s undoes what was done, and gives the reason', async (step, journal) => {
    const { service, manager, transport } = setUp();
    watch(transport, manager.journal);
    manager.failIn = step;
    await expect(service.start()).rejects.toThrow(`${step} failed`);
    expect(service.state).toBe('stopped');
    expect(manager.journal).toEqual(journal);
    await service.stop();
    await service.wait();
    expect(manager.journal).toEqual(journal);
  });
});

describe('stop', () => {
  test('cancels consumers, cleans up, closes the transport and releases, in order', async () => {
    const { service, manager, transport } = setUp();
    watch(transport, manager.journal);
    await service.start();
    manager.journal.length = 0;
    await service.stop();
    expect(manager.journal).toEqual(['unlisten', 'stopped', 'cleanupHost', 'close', 'release']);
    expect(service.state).toBe('stopped');
  });

  test('comes with the end of the block that declares the service', async () => {
    const { service } = setUp();
    {
      await using declared = service;
      await declared.start();
    }
    expect(service.state).toBe('stopped');
  });

  test('waits for a running request, whose caller gets its answer', async () => {
    const { service, manager, client } = setUp();
    await service.start();
    const call = client.call(ctxt, 'hold', {});
    await vi.waitFor(() => expect(manager.journal).toContain('hold'));
    const stopping = service.stop();
    expect(service.state).toBe('draining');
    manager.release();
    expect(await call).toBe('held');
    await stopping;
    const ended = manager.journal.filter((step) => step !== 'stopped');
    expect(ended.slice(-3)).toEqual(['held', 'cleanupHost', 'release']);
  });

  test('at the graceful shutdown timeout cuts what still runs, names it, and rejects', async () => {
    const { service, manager, client, logger } = setUp({ gracefulShutdownTimeout: 0.05 });
    await service.start();
    const refused = expect(client.call(ctxt, 'hold', {})).rejects.toThrow(ServerLost);
    await vi.waitFor(() => expect(manager.journal).toContain('hold'));
    const stopped = service.stop();
    await expect(stopped).rejects.toMatchObject({
      errors: [expect.objectContaining({ code: 'SHUTDOWN_TIMEOUT', methods: ['hold'] })],
    });
    await refused;
    expect(manager.journal.slice(-2)).toEqual(['cleanupHost', 'release']);
    expect(logger.lines).toContainEqual({
      level: 'error',
      message: 'Cut requests that had not ended in time',
      data: {
        gracefulShutdownTimeout: 0.05,
        requests: [expect.objectContaining({ method: 'hold', request_id: ctxt.request_id })],
      },
    });
  });

  test('reads the graceful shutdown timeout when it stops', async () => {
    let timeout = 60;
    const { service, manager, client } = setUp({ gracefulShutdownTimeout: () => timeout });
    await service.start();
    await client.cast(ctxt, 'hold', {});
    await vi.waitFor(() => expect(manager.journal).toContain('hold'));
    timeout = 0.01;
    await expect(service.stop()).rejects.toThrow(AggregateError);
  });

  test('without a limit waits as long as it takes', async () => {
    const { service, manager, client } = setUp({ gracefulShutdownTimeout: Number.POSITIVE_INFINITY });
    await service.start();
    const call = client.call(ctxt, 'hold', {});
    await vi.waitFor(() => expect(manager.journal).toContain('hold'));
    const stopping = service.stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    manager.release();
    expect(await call).toBe('held');
    await stopping;
  });

  test('that is quick cuts running requests at once, without an error', async () => {
    const { service, manager, client } = setUp({ gracefulShutdownTimeout: 60 });
    await service.start();
    const refused = expect(client.call(ctxt, 'hold', {})).rejects.toThrow(ServerLost);
    await vi.waitFor(() => expect(manager.journal).toContain('hold'));
    await service.stop({ quick: true });
    await refused;
    expect(service.state).toBe('stopped');
  });

  test('that is quick does not wait for hooks that hang', async () => {
    const { service, manager } = setUp();
    await service.start();
    manager.hangIn = 'cleanupHost';
    await service.stop({ quick: true });
    expect(manager.journal).toContain('release');
  });

  test('of a service that is replaced leaves its record up', async () => {
    const { service, records } = setUp();
    await service.start();
    await service.stop({ replaced: true });
    expect(records.stopped).not.toHaveBeenCalled();
  });

  test('of a service that is replaced leaves its record up even while it starts', async () => {
    const { service, manager, records } = setUp();
    manager.hangIn = 'postStartHook';
    const refused = expect(service.start()).rejects.toThrow(ServiceStopped);
    await vi.waitFor(() => expect(manager.journal).toContain('postStartHook'));
    await service.stop({ replaced: true });
    await refused;
    expect(records.stopped).not.toHaveBeenCalled();
  });

  test('that turns out to have no successor while it drains marks the record as stopped', async () => {
    const { service, manager, records, client } = setUp();
    await service.start();
    await client.cast(ctxt, 'hold', {});
    await vi.waitFor(() => expect(manager.journal).toContain('hold'));
    const stopped = service.stop({ replaced: true });
    // The intake is over by then.
    await new Promise((resolve) => setTimeout(resolve, 50));
    void service.stop();
    manager.release();
    await stopped;
    expect(records.stopped).toHaveBeenCalledOnce();
  });

  test('that becomes quick cuts running requests at once', async () => {
    const { service, manager, client } = setUp({ gracefulShutdownTimeout: 60 });
    await service.start();
    const refused = expect(client.call(ctxt, 'hold', {})).rejects.toThrow(ServerLost);
    await vi.waitFor(() => expect(manager.journal).toContain('hold'));
    const stopped = service.stop();
    await vi.waitFor(() => expect(manager.journal).toContain('stopped'));
    await service.stop({ quick: true });
    await stopped;
    await refused;
  });

  test('does not wait long for a record that cannot be written', async () => {
    const { service, manager, logger } = setUp();
    await service.start();
    manager.hangIn = 'stopped';
    await service.stop();
    expect(logger.of('warn')).toEqual([expect.stringContaining('cannot be told')]);
  });

  test('ends heartbeats and periodic tasks', async () => {
    const { service, manager } = setUp({ reportInterval: 0.01, periodicEnable: true });
    await service.start();
    await vi.waitFor(() => expect(manager.journal).toContain('tick'));
    await service.stop();
    const after = manager.journal.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(manager.journal).toHaveLength(after);
  });

  test('is idempotent, and lets wait resolve', async () => {
    const { service, manager } = setUp();
    await service.start();
    const waiting = service.wait();
    await Promise.all([service.stop(), service.stop()]);
    await service.stop();
    await waiting;
    await service.wait();
    expect(manager.journal.filter((step) => step === 'cleanupHost')).toHaveLength(1);
  });

  test('before the start closes the transport, and the service can no longer be started', async () => {
    const { service, manager, transport } = setUp();
    watch(transport, manager.journal);
    await service.stop();
    expect(manager.journal).toEqual(['close', 'release']);
    await expect(service.start()).rejects.toThrow(ServiceStopped);
  });

  test.each(['initHost', 'preStartHook', 'register', 'postStartHook'])(
    'while %s hangs does not wait for it',
    async (step) => {
      const { service, manager } = setUp();
      manager.hangIn = step;
      const starting = service.start();
      const refused = expect(starting).rejects.toThrow(ServiceStopped);
      await vi.waitFor(() => expect(manager.journal).toContain(step));
      await service.stop();
      await refused;
      expect(manager.journal.at(-1)).toBe('release');
      expect(manager.journal.includes('cleanupHost')).toBe(step !== 'initHost');
    },
  );

  test('while the broker cannot be reached does not wait for it', async () => {
    const { service, manager, transport } = setUp();
    transport.driver.listen = () => new Promise(() => {});
    const refused = expect(service.start()).rejects.toThrow(ServiceStopped);
    await vi.waitFor(() => expect(manager.journal).toContain('register'));
    await service.stop();
    await refused;
  });

  test('continues after a phase that fails, and rejects in the end', async () => {
    const { service, manager, logger } = setUp();
    await service.start();
    manager.failIn = 'cleanupHost';
    await expect(service.stop()).rejects.toThrow(AggregateError);
    expect(service.state).toBe('stopped');
    expect(manager.journal.at(-1)).toBe('release');
    expect(logger.of('error')).toHaveLength(1);
  });
});

describe('reset', () => {
  test('takes over the report interval and the spacings of periodic tasks, and tells the manager', async () => {
    let reportInterval = 3600;
    let spacing = 3600;
    const { service, manager, records } = setUp({
      reportInterval: () => reportInterval,
      periodicEnable: true,
      manager: new (class extends JournalManager {
        override periodicTasks = () => [{ name: 'tick', spacing, run: async () => this.note('tick') }];
        override reset = () => this.note('reset');
      })(),
    });
    await service.start();
    reportInterval = 0.01;
    spacing = 0.01;
    await service.reset();
    const journal = (service.manager as JournalManager).journal;
    await vi.waitFor(() => expect(journal).toContain('tick'));
    await vi.waitFor(() => expect(records.heartbeat).toHaveBeenCalled());
    expect(journal).toContain('reset');
    expect(manager.journal).toContain('heartbeat');
  });
});

describe('a service that does not answer through its queue', () => {
  test('has no heartbeat, though its process lives, and says so once', async () => {
    const { service, records, transport, logger } = setUp({ reportInterval: 0.01 });
    let deaf = true;
    const { driver } = transport;
    const send = driver.send.bind(driver);
    driver.send = async (...args) => {
      if (deaf) throw new MessagingTimeout('nobody answers');
      return send(...args);
    };
    await service.start();
    await vi.waitFor(() => expect(logger.of('warn')).toHaveLength(1));
    await vi.waitFor(() => expect(logger.of('debug').length).toBeGreaterThan(2));
    expect(records.heartbeat).not.toHaveBeenCalled();
    expect(logger.of('warn')).toHaveLength(1);
    deaf = false;
    await vi.waitFor(() => expect(records.heartbeat).toHaveBeenCalled());
  });
});

describe('checks', () => {
  const failing = async (service: Service) => Object.keys((await findingsOf(service.checks)).failures);

  test('say whether the service runs, and has a heartbeat', async () => {
    const { service } = setUp();
    expect(await failing(service)).toEqual(['service', 'heartbeat']);
    await service.start();
    expect(await failing(service)).toEqual([]);
    await service.stop();
    expect(await failing(service)).toEqual(['service', 'broker']);
  });

  test('of a heartbeat that was long ago fail', async () => {
    const { service } = setUp({ serviceDownTime: 0.01 });
    await service.start();
    await vi.waitFor(async () => expect(await failing(service)).toEqual(['heartbeat']));
  });

  test('can be added to', async () => {
    const { service } = setUp({
      checks: {
        database: () => {
          throw new Error('no database');
        },
      },
    });
    await service.start();
    expect((await findingsOf(service.checks)).failures).toEqual({ database: 'no database' });
  });
});

test('the report shows what runs and what waits', async () => {
  const { service, manager, client } = setUp({ periodicEnable: true });
  await service.start();
  const call = client.call(ctxt, 'hold', {});
  await vi.waitFor(() => expect(manager.journal).toContain('hold'));
  await vi.waitFor(() => expect(manager.journal).toContain('tick'));
  expect(service.report()).toMatchObject({
    state: 'running',
    topic: 'test',
    heartbeat: { interval: 3600, failures: 0, last: expect.any(String) },
    handlers_running: [
      { method: 'hold', kind: 'call', request_id: ctxt.request_id, seconds: expect.any(Number) },
    ],
    periodic_tasks: { tick: { spacing: 0.01, errors: 0 } },
  });
  manager.release();
  await call;
});

describe('requests', () => {
  test('get their context, which is also the current one', async () => {
    const { service, client } = setUp();
    await service.start();
    expect(await client.call(ctxt, 'whoami', {})).toBe('tester true');
  });

  test('to the host and to all hosts are served', async () => {
    const { service, manager, client } = setUp();
    await service.start();
    expect(await client.prepare({ server: 'host1' }).call(ctxt, 'whoami', {})).toBe('tester true');
    await client.prepare({ fanout: true }).cast(ctxt, 'hold', {});
    await vi.waitFor(() => expect(manager.journal).toContain('hold'));
  });

  test('reach the base API of every service', async () => {
    const { service, transport } = setUp();
    await service.start();
    const client = new RPCClient(
      transport,
      new Target({ topic: 'test', namespace: 'baseapi', version: '1.0' }),
    );
    expect(await client.call(ctxt, 'ping', { arg: [1] })).toEqual({ service: 'test', arg: [1] });
    expect(await client.prepare({ version: '1.1' }).call(ctxt, 'get_backdoor_port', {})).toBeNull();
    await expect(client.prepare({ version: '1.2' }).call(ctxt, 'ping', {})).rejects.toThrow(
      UnsupportedVersion,
    );
  });

  test('reach whatever endpoints the manager has', async () => {
    const args = type<{ a: number; b: number }>();
    const extraRpc = defineRpc(
      { namespace: 'extra' },
      { add: call('add', { since: '1.0', to: 'topic', args, result: type<number>() }) },
    );
    const manager = new (class extends Manager {
      override readonly endpoints = [endpoint(extraRpc, { add: (_ctxt, { a, b }) => a + b })];
    })({ host: 'host1', serviceName: 'test' });
    const { service, client } = setUp({ manager });
    await service.start();
    const context = client.prepare({ namespace: 'extra', version: '1.0' });
    expect(await context.call(ctxt, 'add', { a: 1, b: 2 })).toBe(3);
  });

  test.each(['init_host', 'cleanup_host', 'periodic_tasks', 'note'])(
    'cannot call %s, which the manager does not list',
    async (method) => {
      const { service, client, manager } = setUp();
      await service.start();
      const before = [...manager.journal];
      await expect(client.call(ctxt, method, {})).rejects.toThrow(NoSuchMethod);
      expect(manager.journal).toEqual(before);
    },
  );
});

test.each<[NodeJS.ProcessEnv, boolean]>([
  [{}, false],
  [{ OS_DEFAULT__RPC_PING_ENABLED: 'true' }, true],
  [{ OS_DEFAULT__RPC_PING_ENABLED: 'false' }, false],
])("with %o it answers oslo.messaging's ping: %s", async (env, answers) => {
  const config = loadConfig({ schema: daemonSchema, configFiles: [], env });
  const { service, transport } = setUp({ ...serviceOptions(config), host: 'host1' });
  await service.start();
  const client = new RPCClient(transport, new Target({ topic: 'test', server: 'host1', version: '1.0' }));
  const ping = client.call({}, 'oslo_rpc_server_ping', {});
  if (answers) expect(await ping).toBe('pong');
  else await expect(ping).rejects.toThrow();
});

test('a manager notifies as its service and host, by the drivers that the service is given', async () => {
  resetNotifications();
  const { service, manager } = setUp({ notifications: { drivers: ['test'] } });
  await manager.notifier.info({ request_id: 'req-1' }, 'thing.made', { size: 1 });
  expect(NOTIFICATIONS.map(({ message }) => message)).toMatchObject([
    {
      publisher_id: `${manager.serviceName}.${service.host}`,
      event_type: 'thing.made',
      payload: { size: 1 },
    },
  ]);
});

test('without a driver, or a service, a manager notifies nobody, and that is no failure', async () => {
  const { manager } = setUp();
  const alone = new JournalManager();
  for (const { notifier } of [manager, alone]) {
    expect(notifier.isEnabled()).toBe(false);
    expect(await notifier.info({}, 'thing.made', {})).toBe(true);
  }
});

test('a manager that was given a notifier keeps it', () => {
  const notifier = Notifier.disabled();
  const manager = new Manager({ host: 'host1', serviceName: 'test', notifier });
  setUp({ manager, notifications: { drivers: ['test'] } });
  expect(manager.notifier).toBe(notifier);
});

test('a message bus used only for notifications is closed with the service', async () => {
  const transport = getTransport({ url: `memory://${randomUUID()}/`, logger: silentLogger });
  const close = vi.spyOn(transport, 'close');
  const { service } = setUp({ notifications: { drivers: ['messagingv2'], openTransport: () => transport } });
  await service.start();
  await service.stop();
  expect(close).toHaveBeenCalledOnce();
});
