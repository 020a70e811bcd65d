import type { Logger } from '@mini-nova/messaging';
import { runDemo } from '../demo/run.ts';
import { timelineText } from '../demo/timeline-text.ts';

/** Seconds after which something must be wrong. */
const TIME_LIMIT = 14;
const HOSTS = ['host1', 'host2'];

/** Only what should not happen. */
const logger: Logger = {
  debug() {},
  info() {},
  warn: (data, message) => console.error(message, data),
  error: (data, message) => console.error(message, data),
};

const interrupt = new AbortController();
for (const event of ['SIGINT', 'SIGTERM'] as const) process.once(event, () => interrupt.abort());
const signal = AbortSignal.any([interrupt.signal, AbortSignal.timeout(TIME_LIMIT * 1000)]);

console.log(`One process, memory transport: conductor, scheduler, API, computes ${HOSTS.join(' and ')}.`);
try {
  const result = await runDemo({ computeHosts: HOSTS, logger, signal });
  const { id, status, host } = result;
  console.log(`Booted instance ${id}: ${status} on ${host}. Then deleted it.\n`);
  process.stdout.write(timelineText(result.timeline));
  if (process.argv.includes('--json')) console.log(JSON.stringify(result));
} catch (error) {
  console.error(error instanceof Error && !signal.aborted ? error : `The demo was stopped: ${signal.reason}`);
  process.exitCode = 1;
}
