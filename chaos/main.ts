import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Database, openDatabase } from '@mini-nova/data/database';
import type { DatabaseKind, Deployment } from '@mini-nova/deployment';
import { startCloud } from './cloud.ts';
import { Cutter } from './cutter.ts';
import { Killer } from './killer.ts';
import { Ledger } from './ledger.ts';
import { BOOTS_AND_DELETIONS, EVERYTHING, Load, type LoadOptions } from './load.ts';
import { databaseKind, optional, positive } from './options.ts';
import { Random } from './random.ts';
import { type ChaosReport, type Harm, passed, reportText } from './report.ts';
import { findTemplate, Rest } from './rest.ts';
import { settle } from './settle.ts';

const USAGE = `npm run chaos -- [options]
Kills daemons, broker and database at random under load, or cuts the daemons' connections to PostgreSQL, and prints what is
stuck, leaked or wrong afterwards.
  --minutes N         how long; default 5
  --kills N           or until so many kills
  --cuts N            no kills: cuts so often, while servers are booted and deleted; then none of that may fail
  --seed S            the same choices as another run; default: drawn
  --database KIND     postgresql (default) or sqlite
  --rate N            requests per second; default 5; with --cuts: boots, and as many deletions
  --timeout N         instance_build_timeout, in seconds; default 15
  --limit N           seconds after which everything must be at rest; default: twice the timeout
  --log FILE          writes what the daemons said
  --json              all figures, as JSON on standard output`;

interface Options {
  minutes: number;
  kills: number | undefined;
  cuts: number | undefined;
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
        cuts: text,
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
    const database = databaseKind(values.database);
    if (values.cuts !== undefined && database === 'sqlite') throw new RangeError('SQLite has no connections');
    return {
      minutes: positive(values.minutes),
      kills: optional(values.kills),
      cuts: optional(values.cuts),
      seed: positive(values.seed),
      database,
      rate: positive(values.rate),
      timeout,
      limit: optional(values.limit) ?? 2 * timeout,
      log: values.log,
      json: values.json,
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
}

async function run(options: Options, ledger: Ledger): Promise<ChaosReport> {
  const { database, seed, timeout, limit, cuts } = options;
  const env = {
    OS_DEFAULT__INSTANCE_BUILD_TIMEOUT: String(timeout),
    // When only connections are cut, no daemon is down, however late its heartbeat: so the usual time, not the short
    // one.
    ...(cuts !== undefined && { OS_DEFAULT__SERVICE_DOWN_TIME: '60' }),
  };
  const cloud = await startCloud({ database, computes: COMPUTES, env, links: cuts !== undefined });
  const { deployment } = cloud;
  const db = await openDatabase(deployment.databaseUrl);
  try {
    const rest = new Rest(deployment.endpoint, await findTemplate(deployment.endpoint), ledger);
    const load = new Load(rest, new Random(seed + 1), loadOf(options));
    load.start();
    const harm = await (cuts === undefined
      ? kill(deployment, options)
      : cut(deployment, db, { ...options, cuts }));
    await load.stop();
    await deployment.allUp();
    const expected = { ...ledger, mayFail: cuts === undefined };
    const settling = await settle({ cloud, db, computes: COMPUTES, expected }, limit);
    const { counts: requests, failures } = ledger;
    const { ended } = deployment;
    return { seed, database, harm, requests, failures, ended, settling, limit };
  } finally {
    if (options.log !== undefined) await writeFile(options.log, deployment.output);
    await db.close();
    await deployment.close();
  }
}

function loadOf({ rate, cuts }: Options): LoadOptions {
  return cuts === undefined ? { rate, demand: EVERYTHING } : { rate: 2 * rate, demand: BOOTS_AND_DELETIONS };
}

async function kill(deployment: Deployment, { seed, minutes, kills }: Options): Promise<Harm> {
  const killer = new Killer(deployment, new Random(seed));
  const end = performance.now() + minutes * 60_000;
  const enough = (): boolean =>
    kills === undefined ? performance.now() >= end : killer.tally.total >= kills;
  await killer.run(enough, announce('killing'));
  return { what: 'kills', counts: killer.tally.counts };
}

async function cut(
  deployment: Deployment,
  db: Database,
  { seed, cuts }: { seed: number; cuts: number },
): Promise<Harm> {
  const cutter = new Cutter({ db, links: deployment.links, random: new Random(seed) });
  await cutter.run(() => cutter.tally.total >= cuts, announce('cutting'));
  return { what: `cuts of ${cutter.connections} connections`, counts: cutter.tally.counts };
}

function announce(what: string): (target: string) => void {
  return (target) => console.error(`${new Date().toISOString()} ${what} ${target}`);
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
