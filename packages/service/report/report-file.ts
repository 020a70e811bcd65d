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
    discard(err, file);
    logger.error({ err, report }, 'The Guru Meditation report cannot be written to its folder; here it is');
  }
}

/** What a full file system has taken is no report, and would keep the room that is left. */
function discard(reason: unknown, file: string): void {
  if (isExists(reason)) return;
  try {
    rmSync(file, { force: true });
  } catch {
    // The log says why the folder cannot be used.
  }
}

/** Somebody else's. */
function isExists(reason: unknown): boolean {
  return reason instanceof Error && 'code' in reason && reason.code === 'EEXIST';
}

/** UTC: 20260131235959123. */
function timestamp(): string {
  return new Date().toISOString().replace(/\D/g, '');
}
