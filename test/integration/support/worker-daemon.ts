import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { call, clientOf, defineRpc, getTransport, silentLogger, type } from '@mini-nova/messaging';
import { BaseAPI, createRpc } from '@mini-nova/service';
import { Child, getRabbit, tempDir, uniqueTopic } from '@mini-nova/testing';
import { expect, onTestFinished, vi } from 'vitest';

const DAEMON = fileURLToPath(new URL('./worker-daemon.mjs', import.meta.url));

/** What worker-daemon.mjs serves. */
class WorkAPI extends clientOf(
  defineRpc(
    {},
    {
      whoami: call('whoami', { since: '1.0', to: 'topic', result: type<number>() }),
      work: call('work', {
        since: '1.0',
        to: 'topic',
        args: type<{ ms: number; number: number }>(),
        result: type<{ number: number; pid: number }>(),
      }),
      hang: call('hang', { since: '1.0', to: 'topic' }),
      crash: call('crash', { since: '1.0', to: 'topic' }),
    },
  ),
) {}

export interface LogLine {
  level: string;
  pid: number;
  msg: string;
  [key: string]: unknown;
}

export interface WorkerDaemonOptions {
  /** Default: the shared RabbitMQ. */
  url?: string;
  /** Default: one of its own. */
  topic?: string;
  /** Default 4. */
  workers?: number;
  /** Lines of nova.conf, those of [DEFAULT] first. */
  configuration?: string;
  /** The clients' timeout in seconds. Default: the transport's. */
  callMonitorTimeout?: number;
  /** For Node.js. */
  flags?: readonly string[];
}

/** Runs worker-daemon.mjs, whether or not it starts; it is killed when the test ends. */
export async function runWorkerDaemon({
  url,
  topic = uniqueTopic('workers'),
  workers = 4,
  configuration = '',
  flags = [],
}: WorkerDaemonOptions = {}) {
  const broker = url ?? (await getRabbit()).url;
  const file = join(tempDir('workers-'), 'nova.conf');
  const configure = (lines: string, mode = 0o600): void => {
    const own = ['[DEFAULT]', 'host = h', `transport_url = ${broker}`, 'periodic_enable = no'];
    writeFileSync(file, [...own, lines, ''].join('\n'));
    chmodSync(file, mode);
  };
  configure(configuration);
  const child = await Child.start(process.execPath, [...flags, DAEMON, file, topic, String(workers)]);
  onTestFinished(() => child.signal('SIGKILL', 'group'));
  const lines = (): LogLine[] =>
    child.stderr.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  const said = (msg: string): LogLine[] => lines().filter((line) => line.msg === msg);
  return { child, topic, broker, workers, configure, lines, said };
}

/** Runs worker-daemon.mjs until it serves, and makes clients of it. */
export async function startWorkerDaemon(options: WorkerDaemonOptions = {}) {
  const daemon = await runWorkerDaemon(options);
  const { topic, broker, workers, said } = daemon;
  const { callMonitorTimeout } = options;
  const transport = getTransport({
    url: broker,
    controlExchange: 'nova',
    logger: silentLogger,
    rpcResponseTimeout: 200,
    ...(callMonitorTimeout !== undefined && { callMonitorTimeout }),
  });
  onTestFinished(() => transport.close());
  const rpc = createRpc(transport);
  const client = new WorkAPI(rpc, { topic });
  const base = new BaseAPI(rpc, { topic });
  const started = workers > 1 ? 'Worker started' : 'Service started';
  await vi.waitFor(() => expect(said(started)).toHaveLength(workers));
  return { ...daemon, rpc, client, base };
}

export type WorkClient = Awaited<ReturnType<typeof startWorkerDaemon>>['client'];
