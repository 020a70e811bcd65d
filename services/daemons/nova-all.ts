import type { Logger } from '@mini-nova/messaging';
import { complain, Daemon, type Launchable } from '@mini-nova/service';
import { configOfDaemon, portFlag } from './command-line.ts';
import { AllInOne } from './compose/all-in-one.ts';
import { isStartError } from './start-errors.ts';
import { packageVersion } from './version.ts';

const config = configOfDaemon({
  name: 'nova-all',
  description: 'The whole cloud in one process: conductor, scheduler, one compute and the REST API.',
  without: ['transportUrl'],
  flags: [portFlag],
  fixed: { 'DEFAULT.transport_url': 'memory://nova-all/' },
});
const daemon = await Daemon.create({
  name: 'nova-all',
  version: packageVersion(),
  config,
  wrapLogger: foregroundLogger,
});
const logger = foregroundLogger(daemon.logger);
const cloud = new AllInOne({
  config: daemon.config,
  logger,
  transport: (name) => daemon.transport(name, logger),
  service: { ...daemon.serviceOptions, logger },
});
const announcement: Launchable = {
  name: 'announcement',
  start: async () => {
    // The cloud runs even if nobody reads this.
    process.stdout.on('error', () => {});
    process.stdout.write(instructions(cloud.endpoint));
  },
  stop: async () => {},
};

process.exit(await daemon.launch([...cloud.services, announcement]).wait());

/**
 * A person is watching: what goes as it should is logged only with `debug`, and an error that its reader can mend is
 * shown without its stack.
 */
function foregroundLogger(all: Logger): Logger {
  return {
    debug: (data, message) => all.debug(data, message),
    info: (data, message) => {
      if (config.values.DEFAULT.debug) all.info(data, message);
    },
    warn: (data, message) => all.warn(data, message),
    error: (data, message) => {
      if ('err' in data && isStartError(data.err)) complain(`nova-all: ${data.err.message}`);
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
