import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openDatabase } from '@mini-nova/database';
import { Cloud, type DatabaseKind } from './cloud.ts';
import { Killer } from './killer.ts';
import { Ledger } from './ledger.ts';
import { Load } from './load.ts';
import { databaseKind, positive } from './options.ts';
import { Random } from './random.ts';
import { type ChaosReport, passed, reportText } from './report.ts';
import { findTemplate, Rest } from './rest.ts';
import { settle } from './settle.ts';

const USAGE = `npm run chaos -- [options]
Kills daemons, broker and database at random under load, and prints what is stuck, leaked or wrong afterwards.
  --minutes N         how long; default 5
  --kills N           or until so many kills
  --seed S            the same choices as another run; default: drawn
  --database KIND     postgresql (default) or sqlite
  --rate N            requests per second; default 5
  --timeout N         instance_build_timeout, in seconds; default 15
  --limit N           seconds after which everything must be at rest; default: twice the timeout
  --log FILE          writes what the daemons said
  --json              all figures, as JSON on standard output`;

interface Options {
  minutes: number;
  kills: number | undefined;
  seed: number;
  database: DatabaseKind;
  rate: number;
  timeout: number;
  limit: number;
  log: string | undefined;
  json: boolean;
}

const COMPUTES = ['host-a', 'host-b', 'host-c'];

function readOptions(): Options | undefined {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      options: {
        minutes: { ...text, default: '5' },
        kills: text,
        seed: { ...text, default: String(Math.floor(Math.random() * 1e9)) },
        database: { ...text, default: 'postgresql' },
        rate: { ...text, default: '5' },
        timeout: { ...text, default: '15' },
        limit: text,
        log: text,
        json: { type: 'boolean', default: false },
      },
    });
    const timeout = positive(values.timeout);
    return {
      minutes: positive(values.minutes),
      kills: values.kills === undefined ? undefined : positive(values.kills),
      seed: positive(values.seed),
      database: databaseKind(values.database),
      rate: positive(values.rate),
      timeout,
      limit: values.limit === undefined ? 2 * timeout : positive(values.limit),
      log: values.log,
      json: values.json,
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
}

async function run(options: Options, ledger: Ledger): Promise<ChaosReport> {
  const { database, seed, timeout, limit } = options;
  const env = { OS_DEFAULT__INSTANCE_BUILD_TIMEOUT: String(timeout) };
  const cloud = await Cloud.start({ database, computes: COMPUTES, envOf: () => env });
  const db = await openDatabase(cloud.databaseUrl);
  try {
    const rest = new Rest(cloud.endpoint, await findTemplate(cloud.endpoint), ledger);
    const load = new Load(rest, new Random(seed + 1), options.rate);
    load.start();
    const killer = new Killer(cloud, new Random(seed));
    await killUnderLoad(killer, options);
    await load.stop();
    await cloud.allUp();
    const settling = await settle({ cloud, db, computes: COMPUTES, promises: ledger }, limit);
    const { counts: requests, failures } = ledger;
    const { ended } = cloud;
    return { seed, database, kills: killer.kills, requests, failures, ended, settling, limit };
  } finally {
    if (options.log !== undefined) await writeFile(options.log, cloud.output);
    await db.close();
    await cloud.close();
  }
}

async function killUnderLoad(killer: Killer, { minutes, kills }: Options): Promise<void> {
  const end = performance.now() + minutes * 60_000;
  const enough = (): boolean => (kills === undefined ? performance.now() >= end : killer.total >= kills);
  await killer.run(enough, (target) => console.error(`${new Date().toISOString()} killing ${target}`));
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  console.error(`seed ${options.seed}`);
  const ledger = new Ledger();
  const report = await run(options, ledger);
  console.log(options.json ? JSON.stringify(report) : reportText(report, ledger));
  return passed(report) ? 0 : 1;
}

process.exitCode = await main();
