import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { startRabbit } from '@mini-nova/testing';
import { targetLine } from '../shared/target.ts';
import { startSubject } from './measure-start.ts';
import { CONDUCTOR, daemonSubject, miniNovaSite, nodeItself } from './mini-nova.ts';
import { Pinger } from './pinger.ts';
import { findPythonNova, pythonConductor, pythonImports, pythonItself } from './python-nova.ts';
import { startTable } from './report.ts';
import { type StartRoundsOptions, startRounds } from './rounds.ts';
import type { Subject, SubjectRounds } from './subject.ts';
import { startTargets } from './targets.ts';

const USAGE = `npm run bench -- startup [options]
  --json          all figures of all rounds, as JSON on standard output
  --rounds N      default 7
  --no-peer       nothing of Python's`;

const OTHERS = ['nova-scheduler', 'nova-compute', 'nova-api'];

interface Options {
  rounds: number;
  json: boolean;
  peer: boolean;
}

interface Measured {
  conductors: SubjectRounds[];
  others: SubjectRounds[];
}

/** `npm run bench -- startup`. Returns the exit code: 1 when nova-conductor takes longer, or more, than promised. */
export async function benchStartup(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  const missing: string[] = [];
  const onMissing = (title: string, error: unknown): void => {
    missing.push(`${title} is missing: ${error instanceof Error ? error.message : String(error)}`);
    console.error(missing.at(-1));
  };
  const log = (line: string): void => console.error(line);
  const rabbit = await startRabbit();
  const pinger = new Pinger(rabbit.url);
  try {
    const measured = await measure(rabbit.url, options, { rounds: options.rounds, pinger, log, onMissing });
    return print(measured, missing, options);
  } finally {
    await pinger.close();
    await rabbit.close();
  }
}

function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '7' },
      'no-peer': { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!(Number.isInteger(rounds) && rounds > 0)) return undefined;
  return { rounds, json: values.json, peer: !values['no-peer'] };
}

async function measure(url: string, { peer }: Options, rounds: StartRoundsOptions): Promise<Measured> {
  const configFile = await miniNovaSite(url);
  const conductor = daemonSubject(CONDUCTOR, configFile);
  const peers = peer ? await pythonSubjects(url, rounds) : [];
  const conductors = await startRounds([nodeItself, conductor, ...peers], rounds);
  // nova-compute has no database: it starts with a conductor.
  const beside = await startSubject(conductor);
  try {
    const subjects = OTHERS.map((name) => daemonSubject(name, configFile));
    return { conductors, others: await startRounds(subjects, rounds) };
  } finally {
    await beside.stop();
  }
}

async function pythonSubjects(url: string, { log, onMissing }: StartRoundsOptions): Promise<Subject[]> {
  const subjects: Subject[] = [];
  try {
    log('looking for the peer');
    await findPythonNova();
    subjects.push(pythonItself, pythonImports);
    subjects.push(await pythonConductor(url));
  } catch (error) {
    onMissing("Python's nova-conductor", error);
  }
  return subjects;
}

function print({ conductors, others }: Measured, missing: readonly string[], options: Options): number {
  const targets = startTargets(conductors.find(({ id }) => id === CONDUCTOR)?.starts ?? []);
  const exitCode = targets.every(({ met }) => met) ? 0 : 1;
  const { rounds, json } = options;
  if (json) {
    const machine = { cpus: cpus().length, node: process.version };
    console.log(JSON.stringify({ machine, rounds, conductors, others, missing, targets }));
    return exitCode;
  }
  console.log(
    `Medians of ${rounds} starts; RabbitMQ and a migrated SQLite database are there. 1 MB is 1000 kB of VmRSS.\n`,
  );
  console.log(startTable(conductors));
  console.log(`\n${startTable(others)}`);
  for (const line of missing) console.log(`\n${line}`);
  console.log(`\n${targets.map(targetLine).join('\n')}`);
  return exitCode;
}
