import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from '@mini-nova/testing';
import { rotated } from '../shared/rotated.ts';
import { targetLine } from '../shared/target.ts';
import type { CloudKind } from './cloud-process.ts';
import { measureBoots } from './measure-boots.ts';
import { bootTable, latencyTable, type TreeRounds } from './report.ts';
import { bootTargets } from './targets.ts';

const USAGE = `npm run bench -- boot [options]
  --boots N           servers booted at once; default 300
  --warm-up N         servers booted before, which do not count; default 100
  --rounds N          default 3
  --transport KIND    memory (default): nova-all on SQLite; rabbit: daemons over RabbitMQ and PostgreSQL
  --beside DIR        measures another built mini-nova in turns with this one
  --json              all figures of all rounds, as JSON on standard output
  --profile DIR       writes CPU profiles of this one's processes, from start to end`;

interface Options {
  boots: number;
  warmUp: number;
  rounds: number;
  kind: CloudKind;
  beside: string | undefined;
  json: boolean;
  profile: string | undefined;
}

/** `npm run bench -- boot`. Returns the exit code: 1 when a boot costs more than promised, or an answer is late. */
export async function benchBoot(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  const trees = await measure(options);
  return print(trees, options);
}

function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      boots: { type: 'string', default: '300' },
      'warm-up': { type: 'string', default: '100' },
      rounds: { type: 'string', default: '3' },
      transport: { type: 'string', default: 'memory' },
      beside: { type: 'string' },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const [boots, warmUp, rounds] = [values.boots, values['warm-up'], values.rounds].map(Number) as [
    number,
    number,
    number,
  ];
  const { transport: kind, beside, json, profile } = values;
  if (kind !== 'memory' && kind !== 'rabbit') return undefined;
  if (![boots, warmUp, rounds].every(Number.isInteger) || boots < 1 || warmUp < 0 || rounds < 1)
    return undefined;
  return { boots, warmUp, rounds, kind, beside, json, profile };
}

/** Each round begins with a different build. */
async function measure({ boots, warmUp, rounds, kind, beside, profile }: Options): Promise<TreeRounds[]> {
  const here = { title: 'this one', tree: repositoryRoot, profiles: profile && resolve(profile), rounds: [] };
  const other = beside === undefined ? [] : [{ title: beside, tree: resolve(beside), rounds: [] }];
  const trees: (TreeRounds & { tree: string; profiles?: string | undefined })[] = [here, ...other];
  for (let round = 0; round < rounds; round += 1) {
    for (const { title, tree, profiles, rounds: figures } of rotated(trees, round)) {
      console.error(`round ${round + 1} of ${rounds}: ${title}`);
      const options = { kind, tree, count: boots, warmUp, ...(profiles !== undefined && { profiles }) };
      figures.push(await measureBoots(options));
    }
  }
  return trees.map(({ title, rounds: figures }) => ({ title, rounds: figures }));
}

function print(trees: readonly TreeRounds[], { boots, rounds, kind, json }: Options): number {
  const targets = bootTargets(kind, trees[0]?.rounds ?? []);
  const exitCode = targets.every(({ met }) => met) ? 0 : 1;
  if (json) {
    const machine = { cpus: cpus().length, node: process.version };
    console.log(JSON.stringify({ machine, boots, kind, trees, targets }));
    return exitCode;
  }
  console.log(`${boots} servers booted at once, ${kind}; medians of ${rounds} rounds.\n`);
  console.log(bootTable(trees));
  console.log(`\n${latencyTable(trees)}`);
  console.log(`\n${targets.map(targetLine).join('\n')}`);
  return exitCode;
}
