import { inspect } from 'node:util';
import type { Logger } from '@mini-nova/messaging';
import { Command } from 'commander';
import { orExit } from './command-line.ts';
import { runDemo } from './demo/run.ts';
import { timelineText } from './demo/timeline-text.ts';
import { processIo } from './process-io.ts';

/** Seconds after which something must be wrong. */
const TIME_LIMIT = 120;
const HOSTS = ['host1', 'host2'];

// Otherwise Node.js opens its debugger.
process.on('SIGUSR1', () => {});

const program = new Command('npm run demo --')
  .description('Boots and deletes one instance in a cloud of its own, and prints who told whom what.')
  .option('--json', 'end with one JSON line, for programs')
  .allowExcessArguments(false);
const { json = false } = orExit(() => program.exitOverride().parse().opts<{ json?: boolean }>());

const io = processIo();

/** Only what should not happen. */
const logger: Logger = {
  debug() {},
  info() {},
  warn: (data, message) => io.err(`${message} ${inspect(data)}\n`),
  error: (data, message) => io.err(`${message} ${inspect(data)}\n`),
};

const interrupt = new AbortController();
for (const event of ['SIGINT', 'SIGTERM'] as const) process.once(event, () => interrupt.abort());
const signal = AbortSignal.any([interrupt.signal, AbortSignal.timeout(TIME_LIMIT * 1000)]);

io.out(`One process, memory transport: conductor, scheduler, API, computes ${HOSTS.join(' and ')}.\n`);
try {
  const result = await runDemo({ computeHosts: HOSTS, logger, signal });
  const { id, status, host } = result;
  io.out(`Booted instance ${id}: ${status} on ${host}. Then deleted it.\n\n`);
  io.out(timelineText(result.timeline));
  if (json) io.out(`${JSON.stringify(result)}\n`);
} catch (error) {
  const reason = interrupt.signal.aborted
    ? 'The demo was interrupted.'
    : `The demo hung for ${TIME_LIMIT} s.`;
  io.err(`${signal.aborted ? reason : inspect(error)}\n`);
  process.exitCode = 1;
}
