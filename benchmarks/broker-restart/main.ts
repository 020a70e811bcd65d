import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { pythonWithOsloMessaging, startRabbit } from '@mini-nova/testing';
import type { OpenLoopOptions } from '../shared/open-loop.ts';
import { builtFile, sourceFile } from '../shared/paths.ts';
import { PeerProcess } from '../shared/peer-process.ts';
import { type Absence, restartBroker } from '../shared/restart-broker.ts';
import { figure, markdownTable } from '../shared/table.ts';
import type { CallRecords } from './call-record.ts';
import { judge, type Verdict } from './verdict.ts';

const USAGE = `npm run bench -- broker-restart [options]
  --seconds N     default 60
  --rate N        calls per second; default 200
  --kill-at N     seconds from the start, before the end; default 20
  --json          all figures, as JSON on standard output`;

interface Options extends OpenLoopOptions {
  /** Seconds from the start. */
  killAt: number;
  json: boolean;
}

interface Contender {
  title: string;
  start(role: 'client' | 'server'): Promise<PeerProcess>;
}

interface Pair {
  title: string;
  server: PeerProcess;
  client: PeerProcess;
}

const OURS = 'mini-nova';
const MOST_STALL = 2;

const CONTENDERS: readonly Contender[] = [
  {
    title: OURS,
    start: async (role) =>
      new PeerProcess(`mini-nova ${role}`, process.execPath, [
        builtFile(`broker-restart/mini-nova-${role}.js`),
      ]),
  },
  {
    title: 'Python oslo.messaging',
    start: async (role) => {
      const script = sourceFile('broker-restart/oslo_messaging_peer.py');
      return new PeerProcess(`oslo.messaging ${role}`, await pythonWithOsloMessaging(), [script, role]);
    },
  },
];

/**
 * `npm run bench -- broker-restart`: calls at a steady rate while the broker is killed and started again. All
 * contenders call at the same time, over the same broker. Returns the exit code.
 */
export async function benchBrokerRestart(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  const rabbit = await startRabbit();
  const pairs: Pair[] = [];
  try {
    for (const contender of CONTENDERS) pairs.push(await startPair(contender, rabbit.url));
    const running = pairs.map(({ client }) => client.request<CallRecords>('run', options));
    const [absence, ...records] = await Promise.all([
      sleep(options.killAt * 1000).then(() => restartBroker(rabbit)),
      ...running,
    ]);
    const verdicts = new Map<string, Verdict>();
    for (const [index, { title, server }] of pairs.entries()) {
      const executions = await server.request<number[]>('executions');
      const record = records[index];
      if (record !== undefined) verdicts.set(title, judge(record, executions, absence));
    }
    print(verdicts, absence, options);
    return 0;
  } finally {
    await Promise.all(pairs.flatMap(({ client, server }) => [client.stop(), server.stop()]));
    await rabbit.close();
  }
}

function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '60' },
      rate: { type: 'string', default: '200' },
      'kill-at': { type: 'string', default: '20' },
    },
  });
  const seconds = Number(values.seconds);
  const perSecond = Number(values.rate);
  const killAt = Number(values['kill-at']);
  if (![seconds, perSecond, killAt].every((value) => value > 0) || !(killAt < seconds)) return undefined;
  return { seconds, perSecond, killAt, json: values.json };
}

async function startPair({ title, start }: Contender, url: string): Promise<Pair> {
  const place = { url, topic: `restart-${randomBytes(4).toString('hex')}` };
  const server = await start('server');
  const client = await start('client');
  await server.request('serve', place);
  await client.request('connect', place);
  return { title, server, client };
}

function print(verdicts: ReadonlyMap<string, Verdict>, absence: Absence, options: Options): void {
  const { perSecond, seconds } = options;
  const absent = (absence.to - absence.from) / 1000;
  if (options.json) {
    console.log(JSON.stringify({ perSecond, seconds, absent, contenders: Object.fromEntries(verdicts) }));
    return;
  }
  console.log(`${perSecond} calls/s for ${seconds} s; the broker was away for ${figure(absent, 2)} s.\n`);
  console.log(verdictTable(verdicts));
  const ours = verdicts.get(OURS);
  if (ours === undefined) return;
  const line = (met: boolean, what: string): string => `${met ? 'met   ' : 'MISSED'} ${what}`;
  console.log(`\n${line(ours.lost === 0, `lost without a typed error = 0: ${ours.lost}`)}`);
  const stall = figure(ours.longestStall, 2);
  console.log(line(ours.longestStall < MOST_STALL, `longest stall < ${MOST_STALL} s: ${stall} s`));
}

function verdictTable(verdicts: ReadonlyMap<string, Verdict>): string {
  const heads = [
    'contender',
    'calls',
    'answered',
    'typed errors',
    'lost',
    'repeated',
    'longest stall s',
    'longest wait s',
    'slowest error s',
  ];
  const rows = [...verdicts].map(([title, verdict]) => [
    title,
    figure(verdict.calls),
    figure(verdict.answered),
    Object.entries(verdict.typedErrors)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || '0',
    figure(verdict.lost),
    figure(verdict.repeated),
    figure(verdict.longestStall, 2),
    figure(verdict.longestWait, 2),
    figure(verdict.slowestError, 2),
  ]);
  return markdownTable(heads, rows);
}
