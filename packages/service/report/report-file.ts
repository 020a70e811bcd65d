import { rmSync, writeFileSync } from 'node:fs';
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

/** Writes a report to a new file that only the daemon's user can read, or to the log. */
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
    discard(err, file);
    logger.error({ err, report }, 'The Guru Meditation report cannot be written to its folder; here it is');
  }
}

/** An incomplete report on a full file system is of no use, and would occupy the remaining room. */
function discard(reason: unknown, file: string): void {
  if (isExists(reason)) return;
  try {
    rmSync(file, { force: true });
  } catch {
    // The log says why the folder cannot be used.
  }
}

/** The file exists and is somebody else's. */
function isExists(reason: unknown): boolean {
  return reason instanceof Error && 'code' in reason && reason.code === 'EEXIST';
}

/** UTC: 20260131235959123. */
function timestamp(): string {
  return new Date().toISOString().replace(/\D/g, '');
}
