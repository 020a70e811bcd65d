import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, Logger } from '@mini-nova/messaging';
import { reportText } from './report.ts';

export interface ReportTarget {
  /** Of the daemon. */
  name: string;
  /** Null: the report goes to the log. */
  folder: string | null;
  logger: Logger;
}

/** Writes a report to a file of its own, readable by the daemon's user only, or to the log. */
export function writeReport(report: JsonObject, { name, folder, logger }: ReportTarget): void {
  if (folder === null) {
    logger.info({ report }, 'Guru Meditation report');
    return;
  }
  const file = join(folder, `${name}_gurumeditation_${timestamp()}_${process.pid}`);
  try {
    writeFileSync(file, reportText(report), { mode: 0o600, flag: 'wx' });
    logger.info({ file }, 'Guru Meditation report written');
  } catch (err) {
    logger.error({ err, report }, 'The Guru Meditation report cannot be written to its folder; here it is');
  }
}

/** UTC: 20260131235959123. */
function timestamp(): string {
  return new Date().toISOString().replace(/\D/g, '');
}
