import { string } from '../option.ts';

/** The report that SIGUSR2 asks for, under oslo.reports' names. */
export const oslo_reports = {
  log_dir: string({
    default: null,
    mutable: true,
    help: 'Directory into which a daemon writes the report that SIGUSR2 asks for. Empty: it goes to the log.',
  }),
} as const;
