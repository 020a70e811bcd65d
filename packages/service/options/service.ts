import { boolean, seconds } from '@mini-nova/config';

/** Heartbeats and periodic tasks of services. */
export const serviceOptions = {
  DEFAULT: {
    report_interval: seconds({
      default: 10,
      min: 0.1,
      mutable: true,
      help: 'Time between two heartbeats of a service record.',
    }),
    service_down_time: seconds({
      default: 60,
      min: 0.1,
      mutable: true,
      help: 'A service without a heartbeat for this long counts as down. Keep it at several times report_interval.',
    }),
    periodic_enable: boolean({ default: true, help: 'Run periodic tasks.' }),
    periodic_fuzzy_delay: seconds({
      default: 60,
      help: 'Periodic tasks start after a random delay of up to this, so that daemons started together do not work together. 0: no delay.',
    }),
    run_external_periodic_tasks: boolean({
      default: true,
      help: 'Run those periodic tasks, too, that a separate process could run. False: leave them to it.',
    }),
  },
} as const;
