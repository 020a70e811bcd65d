import type { NovaConfig } from '@mini-nova/config';
import type { Logger } from '@mini-nova/messaging';
import { createLogger, type Launchable, launchAll } from '@mini-nova/service';
import { configOfDaemon, portFlag } from './command-line.ts';
import { Cloud } from './compose/cloud.ts';
import { isStartError } from './start-errors.ts';

const settings = configOfDaemon({
  name: 'nova-all',
  description: 'The whole cloud in one process: conductor, scheduler, one compute and the REST API.',
  without: ['transportUrl'],
  flags: [portFlag],
});
const config: NovaConfig = {
  ...settings,
  DEFAULT: { ...settings.DEFAULT, transport_url: 'memory://nova-all/' },
};
const logger = foregroundLogger(config.DEFAULT.debug);
for (const warning of config.warnings) logger.warn({ warning }, 'Configuration');
const cloud = new Cloud({ config, logger });
const announcement: Launchable = {
  name: 'announcement',
  start: async () => void process.stdout.write(instructions(cloud.endpoint)),
  stop: async () => {},
};

process.exit(await launchAll([...cloud.services, announcement], { logger }).wait());

/** A person is watching: what goes as it should is not worth a line. */
function foregroundLogger(debug: boolean): Logger {
  const all = createLogger({ name: 'nova-all', debug });
  if (debug) return all;
  return {
    debug() {},
    info() {},
    warn: (data, message) => all.warn(data, message),
    error: (data, message) => {
      if ('err' in data && isStartError(data.err)) process.stderr.write(`nova-all: ${data.err.message}\n`);
      else all.error(data, message);
    },
  };
}

function instructions(endpoint: string): string {
  const isDefault = endpoint === 'http://127.0.0.1:8774/v2.1';
  const option = isDefault ? '' : ` --endpoint ${endpoint}`;
  return [
    `The cloud is up. Compute API: ${endpoint}`,
    'In another terminal:',
    `  bin/nova${option} boot --flavor m1.tiny --image cirros --poll my-first-server`,
    `  bin/nova${option} list`,
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}
