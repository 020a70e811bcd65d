import { mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startRabbit } from '@mini-nova/testing';
import { figure } from '../shared/table.ts';
import { targetLine } from '../shared/target.ts';
import { CONTENDERS, type ContenderInfo, MINI_NOVA } from './contenders.ts';
import type { ContenderRounds } from './figures.ts';
import { memoryCallsPerSecond } from './memory-transport.ts';
import { figuresTable, memoryTable } from './report.ts';
import { type RoundsOptions, runRounds } from './rounds.ts';
import { targets } from './targets.ts';

const USAGE = `npm run bench -- rpc [options]
  --json             all figures of all rounds, as JSON on standard output
  --rounds N         default 7
  --seconds N        of each measurement; default 2
  --in-flight LIST   default 1,64,256
  --only LIST        of ${CONTENDERS.map(({ id }) => id).join(', ')}
  --calls-only       no casts, no memory per call, no memory transport
  --profile DIR      writes CPU profiles of both ends in the first round`;

type Options = Omit<RoundsOptions, 'url' | 'log'> & { json: boolean; memoryTransport: boolean };

/** `npm run bench -- rpc`. Returns the exit code. */
export async function benchRpc(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  if (options.profiles !== undefined) await mkdir(options.profiles, { recursive: true });
  const rabbit = await startRabbit();
  try {
    const url = rabbit.url.replace(/^rabbit:/, 'amqp:');
    const measured = await runRounds({ ...options, url, log: (line) => console.error(line) });
    const { rounds, seconds } = options;
    const memoryRate = options.memoryTransport ? await memoryCallsPerSecond(rounds, seconds) : null;
    print(measured, memoryRate, options);
  } finally {
    await rabbit.close();
  }
  return 0;
}

function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '2' },
      'in-flight': { type: 'string', default: '1,64,256' },
      only: { type: 'string' },
      'calls-only': { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const inFlight = values['in-flight'].split(',').map(Number);
  const rounds = Number(values.rounds);
  const seconds = Number(values.seconds);
  const contenders = chosen(values.only?.split(','));
  if (contenders === undefined || ![rounds, seconds, ...inFlight].every((value) => value > 0))
    return undefined;
  const more = !values['calls-only'];
  return {
    contenders,
    rounds,
    seconds,
    inFlight,
    casts: more,
    memory: more,
    memoryTransport: more && contenders.some(({ id }) => id === MINI_NOVA),
    profiles: values.profile === undefined ? undefined : resolve(values.profile),
    json: values.json,
  };
}

function chosen(ids: readonly string[] | undefined): readonly ContenderInfo[] | undefined {
  if (ids === undefined) return CONTENDERS.filter(({ byDefault }) => byDefault);
  const known = CONTENDERS.filter(({ id }) => ids.includes(id));
  return known.length === ids.length ? known : undefined;
}

function print(measured: readonly ContenderRounds[], memoryRate: number | null, options: Options): void {
  const found = targets(measured, memoryRate);
  const { rounds, seconds, inFlight } = options;
  if (options.json) {
    const machine = { cpus: cpus().length, node: process.version };
    console.log(
      JSON.stringify({ machine, rounds, seconds, contenders: measured, memoryRate, targets: found }),
    );
    return;
  }
  console.log(`Medians of ${rounds} rounds of ${seconds} s.\n`);
  console.log(figuresTable(measured, inFlight));
  const memory = memoryTable(measured);
  if (memory !== '') console.log(`\n${memory}`);
  if (memoryRate !== null) console.log(`\nMemory transport: ${figure(memoryRate)} calls per second.`);
  console.log(`\n${found.map(targetLine).join('\n')}`);
}
