import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type PrivateRabbit, startRabbit } from '@mini-nova/testing';
import { builtFile } from '../shared/paths.ts';
import { PeerProcess } from '../shared/peer-process.ts';
import { restartBroker } from '../shared/restart-broker.ts';
import type { FlowTally } from './client.ts';
import { FLOWS } from './flows.ts';
import { type BothEnds, highest, memoryOf } from './memory-baseline.ts';
import { type FlowVerdict, judgeFlow, printVerdicts } from './verdict.ts';

const USAGE = `npm run soak -- [options]
  --minutes N         default 10
  --warm-up N         messages of each flow before the first measurement; default 70000`;

interface Options {
  minutes: number;
  /** Messages of each flow before the first measurement of the memory. */
  warmUp: number;
}

/** The parts of the warm-up, with a measurement of the memory after each. */
const WARM_UP_PARTS = 12;
/** Seconds in which accepted casts must arrive after the last was sent. */
const ARRIVAL = 90;
/** Seconds in which finished work is forgotten: timers, retries of returned messages. */
const SETTLE = 5;

interface Soak {
  rabbit: PrivateRabbit;
  client: PeerProcess;
  server: PeerProcess;
}

/** `npm run soak`. Returns the exit code: 1 when a durable cast was lost or memory grew. */
async function soak(options: Options): Promise<number> {
  const rabbit = await startRabbit();
  const node = (role: string): PeerProcess =>
    new PeerProcess(`soak ${role}`, process.execPath, ['--expose-gc', builtFile(`soak/${role}.js`)]);
  const run: Soak = { rabbit, client: node('client'), server: node('server') };
  try {
    const place = { url: rabbit.url, topic: `soak-${randomBytes(4).toString('hex')}` };
    await run.server.request('serve', place);
    await run.client.request('connect', place);
    const before = await warmUp(run, options.warmUp);
    await runWithRestarts(run, options.minutes);
    const verdicts = await arrived(run);
    await sleep(SETTLE * 1000);
    return printVerdicts(verdicts, before, await memoryOf(run.client, run.server)) ? 0 : 1;
  } finally {
    await run.client.stop();
    await run.server.stop();
    await rabbit.close();
  }
}

/**
 * Fills what is bounded, such as the memory of message ids, and takes every path once, including a restart. The end is
 * compared with the most that was held after a garbage collection during this time.
 */
async function warmUp({ rabbit, client, server }: Soak, messages: number): Promise<BothEnds> {
  const looks: BothEnds[] = [];
  for (let part = 0; part < WARM_UP_PARTS; part += 1) {
    if (part === WARM_UP_PARTS / 2) await restartBroker(rabbit);
    await client.request('warmUp', { messages: Math.ceil(messages / WARM_UP_PARTS) });
    looks.push(await memoryOf(client, server));
  }
  await sleep(SETTLE * 1000);
  return highest([...looks, await memoryOf(client, server)]);
}

async function runWithRestarts({ rabbit, client }: Soak, minutes: number): Promise<void> {
  const running = client.request('run', { seconds: minutes * 60 });
  // Shown below, when it is awaited; until then it must not count as unhandled.
  running.catch(() => undefined);
  for (let minute = 1; minute <= minutes; minute += 1) {
    await sleep(30_000);
    const { from, to } = await restartBroker(rabbit);
    await sleep(Math.max(30_000 - (to - from), 0));
    const tallies = await client.request<FlowTally[]>('tallies');
    const done = FLOWS.map(({ name }, index) => `${tallies[index]?.done} of ${tallies[index]?.sent} ${name}`);
    console.log(`minute ${minute}: broker away for ${((to - from) / 1000).toFixed(1)} s; ${done.join(', ')}`);
  }
  await running;
}

/** Waits until every accepted cast has arrived or has had enough time to. */
async function arrived({ client, server }: Soak): Promise<FlowVerdict[]> {
  const end = Date.now() + ARRIVAL * 1000;
  for (;;) {
    const tallies = await client.request<FlowTally[]>('tallies');
    const verdicts: FlowVerdict[] = [];
    for (const [index, flow] of FLOWS.entries()) {
      const tally = tallies[index];
      if (tally === undefined) continue;
      const accepted = await client.request<number[]>('accepted', { name: flow.name });
      const received = await server.request<number[]>('received', { name: flow.name });
      verdicts.push(judgeFlow(flow, tally, accepted, received));
    }
    if (verdicts.every(({ lost }) => lost === 0) || Date.now() > end) return verdicts;
    await sleep(1000);
  }
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      'warm-up': { type: 'string', default: '70000' },
    },
  });
  const options = { minutes: Number(values.minutes), warmUp: Number(values['warm-up']) };
  return Object.values(options).every((value) => Number.isInteger(value) && value > 0) ? options : undefined;
}

const options = readOptions();
if (options === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else process.exitCode = await soak(options);
