import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type PrivateRabbit, startRabbit, tempDir } from '@mini-nova/testing';
import { builtFile } from '../shared/paths.ts';
import { PeerProcess } from '../shared/peer-process.ts';
import { targetLine } from '../shared/target.ts';
import type { CallSummary } from './call-tally.ts';
import { daemonMemory } from './daemon-memory.ts';
import { progressLine, type RestartReport, restartReport } from './report.ts';
import { Restarter, type RestartMode } from './restarter.ts';
import { type BrokerState, countExecutions, restartTargets } from './verdict.ts';

const USAGE = `npm run bench -- rolling-restart [options]
  --restarts N    default 1000
  --rate N        calls per second; default 200
  --workers N     default 4; one worker can be restarted with --whole only
  --whole         restarts the daemon with all its workers, while calls wait in the queue
  --json          all figures, as JSON on standard output`;

interface Options {
  restarts: number;
  perSecond: number;
  workers: number;
  mode: RestartMode;
  json: boolean;
}

/** Milliseconds. */
const PROGRESS_INTERVAL = 10_000;
/** Calls at the steady rate (ms) before the first restart, and after the last. */
const SETTLE = 2_000;

/** `npm run bench -- rolling-restart`. Returns the exit code: 1 when a call was lost or ran twice, or queues grew. */
export async function benchRollingRestart(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  const rabbit = await startRabbit();
  try {
    return print(await run(rabbit, options), options);
  } finally {
    await rabbit.close();
  }
}

function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      restarts: { type: 'string', default: '1000' },
      rate: { type: 'string', default: '200' },
      workers: { type: 'string', default: '4' },
      whole: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [restarts, perSecond, workers] = [values.restarts, values.rate, values.workers].map(Number);
  const mode = values.whole ? 'whole' : 'workers';
  if (!isCount(restarts) || !isCount(perSecond) || !isCount(workers)) return undefined;
  if (mode === 'workers' && workers === 1) return undefined;
  return { restarts, perSecond, workers, mode, json: values.json };
}

function isCount(value: number | undefined): value is number {
  return Number.isInteger(value) && Number(value) > 0;
}

async function run(
  rabbit: PrivateRabbit,
  { restarts, perSecond, workers, mode }: Options,
): Promise<RestartReport> {
  const folder = tempDir('rolling-restart-');
  const executions = join(folder, 'executions');
  const configFile = join(folder, 'nova.conf');
  await writeFile(configFile, `[DEFAULT]\nhost = bench\ntransport_url = ${rabbit.url}\n`, { mode: 0o600 });
  await writeFile(executions, '');
  const troubles = new Map<string, number>();
  const restarter = await Restarter.start(mode, {
    args: [builtFile('rolling-restart/daemon.js'), configFile, String(workers), executions],
    workers,
    onTrouble: (message) => troubles.set(message, (troubles.get(message) ?? 0) + 1),
  });
  const client = new PeerProcess('client', process.execPath, [builtFile('rolling-restart/client.js')]);
  try {
    await client.request('connect', { url: rabbit.url });
    await client.request('begin', { perSecond });
    await sleep(SETTLE);
    const begin = { memory: await daemonMemory(restarter.daemon), broker: await brokerState(rabbit) };
    const seconds = await restartAll(restarter, restarts, client);
    await sleep(SETTLE);
    const memory = await daemonMemory(restarter.daemon);
    const calls = await client.request<CallSummary>('end');
    return {
      calls,
      executions: countExecutions(await readFile(executions, 'utf8')),
      broker: [begin.broker, await brokerState(rabbit)],
      restarts: restarter.seconds,
      seconds,
      memory: [begin.memory, memory],
      troubles: Object.fromEntries(troubles),
    };
  } finally {
    await client.stop();
    await restarter.daemon.stop();
  }
}

/** Returns how many seconds it took. */
async function restartAll(restarter: Restarter, restarts: number, client: PeerProcess): Promise<number> {
  const begin = performance.now();
  let shownAt = begin;
  for (let restart = 1; restart <= restarts; restart += 1) {
    await restarter.restart();
    if (performance.now() - shownAt < PROGRESS_INTERVAL) continue;
    shownAt = performance.now();
    const calls = await client.request<CallSummary>('summary');
    console.error(progressLine(restart, calls, await daemonMemory(restarter.daemon)));
  }
  return (performance.now() - begin) / 1000;
}

async function brokerState(rabbit: PrivateRabbit): Promise<BrokerState> {
  const queues = await rabbit.listQueues();
  return { queues: queues.length, messages: queues.reduce((sum, { messages }) => sum + messages, 0) };
}

function print(report: RestartReport, { perSecond, workers, mode, json }: Options): number {
  const targets = restartTargets(report);
  if (json) {
    const { executions: _long, ...figures } = report;
    console.log(JSON.stringify({ perSecond, workers, mode, ...figures, targets }));
  } else {
    const what = mode === 'whole' ? 'the whole daemon restarted' : 'one worker after another restarted';
    console.log(`${perSecond} calls/s, ${workers} ${workers === 1 ? 'worker' : 'workers'}, ${what}.\n`);
    console.log(restartReport(report));
    console.log(`\n${targets.map(targetLine).join('\n')}`);
  }
  return targets.every(({ met }) => met) ? 0 : 1;
}
