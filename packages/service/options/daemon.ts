import { hostname } from 'node:os';
import { boolean, seconds, string } from '@mini-nova/config';

/** A host's queues are named by topic and host: `conductor.<host>`. */
const HOST_BYTES = 240;

/** The options that every daemon has. */
export const daemonOptions = {
  DEFAULT: {
    host: string({
      default: hostname(),
      sampleDefault: '<host name>',
      pattern: /^[^\s/]+$/,
      maxBytes: HOST_BYTES,
      allowed: `a name without blanks and slashes, of at most ${HOST_BYTES} bytes`,
      help: 'Name of this host, unique in the cloud. Services are addressed by it; two of one kind with different names can run on one machine.',
    }),
    debug: boolean({ default: false, mutable: true, help: 'Log on level debug instead of info.' }),
    graceful_shutdown_timeout: seconds({
      default: 60,
      mutable: true,
      help: 'How long a stopping service waits for requests that are still running; then they are cut. 0: as long as they take.',
    }),
    restart_method: string({
      default: 'mutate',
      choices: ['mutate', 'reload'],
      help: 'What SIGHUP does. mutate: the options that are mutable change in the running processes. reload: new worker processes replace the old ones, one after another, or, in a single process, the service stops and starts again; so every option is read anew.',
    }),
  },
  oslo_reports: {
    log_dir: string({
      default: null,
      mutable: true,
      help: 'Directory into which a daemon writes the report that SIGUSR2 asks for. Empty: it goes to the log.',
    }),
  },
} as const;
