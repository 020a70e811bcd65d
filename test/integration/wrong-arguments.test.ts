import { repositoryRoot, run, runOk } from '@mini-nova/testing';
import { beforeAll, expect, test } from 'vitest';

beforeAll(() => runOk('npx', ['tsc', '-b', 'benchmarks', 'chaos'], { cwd: repositoryRoot, timeout: 300 }));

const bench = 'benchmarks/dist/bench.js';
const soak = 'benchmarks/dist/soak/main.js';

// What is misspelt must not pass for what was meant: each says what there is, and starts nothing.
test.each([
  ['node scripts/test.mjs --only units', 'of unit, cloud, faults, integration, conformance, e2e'],
  ['node scripts/test.mjs --only unit,,cloud', 'of unit, cloud,'],
  ['node scripts/test.mjs --only', 'of unit, cloud,'],
  ['node scripts/test.mjs --only unit cloud', 'of unit, cloud,'],
  ['node scripts/repeat-faults.mjs --repeat often', 'must be a number of times'],
  ['node scripts/generate-states-docs.mjs --chekc', '--check'],
  ['node scripts/generate-config-files.mjs --check docs', '--check'],
  [`node ${bench} rcp`, 'rpc | boot'],
  [`node ${bench} rpc --rounds some`, '--rounds N'],
  [`node ${bench} rpc --only us`, '--only LIST'],
  [`node ${bench} boot --boots few`, '--boots N'],
  [`node ${bench} startup --rounds 0`, '--rounds N'],
  [`node ${bench} rolling-restart --rate fast`, '--rate N'],
  [`node ${bench} broker-restart --rate fast`, '--rate N'],
  [`node ${bench} broker-restart --seconds 10 --kill-at 10`, '--kill-at N'],
  [`node ${bench} reading-path call boot`, 'call | boot'],
  [`node ${bench} profile`, 'FILE'],
  [`node ${soak} --minutes some`, '--minutes N'],
  [`node ${soak} --warm-up none`, '--warm-up N'],
  ['node chaos/dist/main.js --kills all', '--kills N'],
  ['node chaos/dist/kill-points/main.js --scenario bot', '--scenario NAME'],
  ['bash .ci/on-node 24', 'COMMAND'],
  ['bash .ci/on-node newest true', 'MAJOR'],
  ['bash .ci/run fast', 'without arguments'],
])('%s is refused', async (line, usage) => {
  const [command = '', ...args] = line.split(' ');
  const { code, stderr } = await run(command, args, { cwd: repositoryRoot, timeout: 30 });
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(usage) });
});
