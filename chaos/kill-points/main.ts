import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { DatabaseKind } from '@mini-nova/deployment';
import { databaseKind, optional, positive } from '../options.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { type Result, Trial } from './trial.ts';
import { passed } from './verdict.ts';

const USAGE = `npm run kill-points -- [options]
Kills each daemon before and after each RPC and transaction of each scenario, one at a time, and prints what is stuck, leaked or wrong.
  --scenario NAME     one of ${SCENARIOS.map(({ name }) => name).join(', ')}; may be repeated; default: all
  --point TEXT        only points that contain it
  --database KIND     postgresql (default) or sqlite
  --timeout N         instance_build_timeout, in seconds; default 6
  --limit N           seconds after which everything must be at rest; default: three times the timeout
  --log FILE          writes what the daemons said
  --json              all results, as JSON on standard output`;

interface Options {
  scenarios: readonly Scenario[];
  point: string;
  database: DatabaseKind;
  timeout: number;
  limit: number;
  log: string | undefined;
  json: boolean;
}

function readOptions(): Options | undefined {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      options: {
        scenario: { ...text, multiple: true, default: SCENARIOS.map(({ name }) => name) },
        point: { ...text, default: '' },
        database: { ...text, default: 'postgresql' },
        timeout: { ...text, default: '6' },
        limit: text,
        log: text,
        json: { type: 'boolean', default: false },
      },
    });
    const timeout = positive(values.timeout);
    return {
      scenarios: values.scenario.map(scenarioOf),
      point: values.point,
      database: databaseKind(values.database),
      timeout,
      limit: optional(values.limit) ?? 3 * timeout,
      log: values.log,
      json: values.json,
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
}

/** @throws RangeError */
function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new RangeError(`There is no scenario ${name}`);
  return scenario;
}

/** The scenarios of one kind of cloud, one after another. */
async function runScenarios(options: Options, rescheduled: boolean): Promise<Result[]> {
  const scenarios = options.scenarios.filter((one) => (one.rescheduled ?? false) === rescheduled);
  if (scenarios.length === 0) return [];
  const { database, timeout, limit, log } = options;
  const trial = await Trial.start({ database, timeout, limit, rescheduled });
  const results: Result[] = [];
  try {
    for (const scenario of scenarios) results.push(...(await killAtEach(trial, scenario, options)));
    return results;
  } finally {
    if (log !== undefined) await writeFile(`${log}${rescheduled ? '.rescheduled' : ''}`, trial.output);
    await trial.close();
  }
}

async function killAtEach(trial: Trial, scenario: Scenario, { point: part }: Options): Promise<Result[]> {
  const points = (await trial.points(scenario)).filter((point) => point.includes(part));
  console.error(`${scenario.name}: ${points.length} points`);
  const results: Result[] = [];
  for (const point of points) {
    const result = await trial.killAt(scenario, point);
    results.push(result);
    console.error(lineOf(result));
  }
  return results;
}

function lineOf({ scenario, point, killed, settling }: Result): string {
  const problems = settling.problems.map(({ kind, what }) => `\n    ${kind}: ${what}`);
  const end = killed ? `at rest after ${settling.seconds.toFixed(1)} s` : 'not passed this time';
  return `  ${scenario}, ${point}: ${end}, ${problems.length} problems${problems.join('')}`;
}

function summary(results: readonly Result[]): string {
  const killed = results.filter((result) => result.killed);
  const wrong = results.filter(({ settling }) => settling.problems.length > 0);
  const longest = Math.max(0, ...killed.map(({ settling }) => settling.seconds));
  const missed = results.length - killed.length;
  return [
    ...wrong.map(lineOf),
    `${killed.length} kill points, ${wrong.length} with a problem, longest until at rest ${longest.toFixed(1)} s; ${missed} points were not passed again`,
  ].join('\n');
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  const results = [...(await runScenarios(options, false)), ...(await runScenarios(options, true))];
  console.log(options.json ? JSON.stringify(results) : summary(results));
  return passed(results) ? 0 : 1;
}

process.exitCode = await main();
