import { setTimeout as delay } from 'node:timers/promises';
import { type Column, listTable } from '@mini-nova/client/table';
import { archiveDeletedRows, purgeShadowTables, type RowCounts } from '@mini-nova/data/archive/queries';
import { DatabaseUnusable } from '@mini-nova/data/configured-database';
import type { Database } from '@mini-nova/data/database';
import type { DataConfig } from '@mini-nova/data/options';
import { DatabaseError } from '@mini-nova/database';
import { type Command, InvalidArgumentError } from 'commander';
import type { ManageIo } from './io.ts';
import { withMigratedDatabase } from './with-database.ts';

/**
 * Ends a command with this exit code, and with the message if there is one. Nova's exit codes of archiving and purging
 * tell the result, and scripts depend on them.
 */
export class ExitCode extends Error {
  override readonly name = 'ExitCode';
  readonly exitCode: number;

  constructor(exitCode: number, message = '', options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The largest integer of the database's columns. */
const MAX_INT = 2 ** 31 - 1;

interface ArchiveFlags {
  max_rows: string;
  before?: string;
  verbose?: boolean;
  untilComplete?: boolean;
  purge?: boolean;
  sleep: number;
}

interface PurgeFlags {
  all?: boolean;
  before?: string;
  verbose?: boolean;
}

/** Adds `nova-manage db archive_deleted_rows` and `db purge`, with Nova's options and exit codes. */
export function addArchiveCommands(
  db: Command,
  configOf: (command: Command) => DataConfig,
  io: ManageIo,
): void {
  db.command('archive_deleted_rows')
    .description(
      'move deleted rows to shadow tables; exit code 0: there was none, 1: some were moved, 2: wrong --max_rows, 3: no database, 4: wrong --before',
    )
    .option(
      '--max_rows <number>',
      'the most rows to move, or to move in one round of --until-complete',
      '1000',
    )
    .option(
      '--before <date>',
      'only rows that were deleted before: YYYY-MM-DD [HH:mm:ss], or as date prints it',
    )
    .option('--verbose', 'print how many rows of each table were moved')
    .option('--until-complete', 'go on until all are moved')
    .option('--purge', 'purge all shadow tables afterwards')
    .option('--sleep <seconds>', 'between two rounds of --until-complete', parsePause, 0)
    .option('--all-cells', 'as without: there is one cell')
    .action((flags: ArchiveFlags, command: Command) => archive(configOf(command), flags, io));
  db.command('purge')
    .description(
      'delete rows of shadow tables for good; exit code 0: some were deleted, 1: neither --before nor --all, 2: wrong --before, 3: there was none, 4: no database',
    )
    .option('--all', 'all rows')
    .option('--before <date>', 'only rows that were deleted before')
    .option('--verbose', 'print how many rows of each table were deleted')
    .option('--all-cells', 'as without: there is one cell')
    .action((flags: PurgeFlags, command: Command) => purge(configOf(command), flags, io));
}

async function archive(config: DataConfig, flags: ArchiveFlags, io: ManageIo): Promise<void> {
  const maxRows = wholeNumber(flags.max_rows);
  if (maxRows === undefined) throw new ExitCode(2, 'Must supply a positive value for max_rows');
  if (maxRows > MAX_INT) throw new ExitCode(2, `max rows must be <= ${MAX_INT}`);
  const before = dateOf(flags.before, 4);
  const { verbose = false, untilComplete = false, purge: purges = false } = flags;
  const counts = await onDatabase(config, 3, async (db) => {
    const moved = untilComplete
      ? await untilDone(db, { maxRows, before, sleep: flags.sleep, verbose }, io)
      : await archiveDeletedRows(db, { maxRows, before });
    if (verbose) io.out(moved.size > 0 ? tableOf(moved) : 'Nothing was archived.\n');
    if (moved.size > 0 && purges) {
      if (verbose) io.out('Rows were archived, running purge...\n');
      tellPurged(await purgeShadowTables(db), undefined, { verbose, io });
    }
    return moved;
  });
  if (counts.size > 0) throw new ExitCode(1);
}

interface Rounds {
  maxRows: number;
  before: string | undefined;
  /** Seconds. */
  sleep: number;
  verbose: boolean;
}

/** Rounds until nothing is left, or until the user interrupts them: what has been moved by then stays moved. */
async function untilDone(db: Database, rounds: Rounds, io: ManageIo): Promise<RowCounts> {
  const { maxRows, before, sleep, verbose } = rounds;
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  const counts: RowCounts = new Map();
  if (verbose) io.out('Archiving..');
  try {
    while (!stop.signal.aborted) {
      const moved = await archiveDeletedRows(db, { maxRows, before });
      if (moved.size === 0) break;
      for (const [table, rows] of moved) counts.set(table, (counts.get(table) ?? 0) + rows);
      if (verbose) io.out('.');
      await delay(sleep * 1000, undefined, { signal: stop.signal }).catch(() => {}); // it was interrupted
    }
  } finally {
    process.off('SIGINT', onInterrupt);
  }
  if (verbose) io.out(stop.signal.aborted ? '.stopped\n' : '.complete\n');
  return counts;
}

async function purge(config: DataConfig, flags: PurgeFlags, io: ManageIo): Promise<void> {
  const { all = false, verbose = false } = flags;
  if (flags.before === undefined && !all) throw new ExitCode(1, 'Either --before or --all is required');
  const before = dateOf(flags.before, 2);
  const counts = await onDatabase(config, 4, (db) => purgeShadowTables(db, { before }));
  tellPurged(counts, before, { verbose, io });
  if (counts.size === 0) throw new ExitCode(3);
}

function tellPurged(
  counts: RowCounts,
  before: string | undefined,
  { verbose, io }: { verbose: boolean; io: ManageIo },
): void {
  if (!verbose) return;
  const column = before === undefined ? '(n/a)' : 'deleted_at';
  for (const [table, rows] of counts)
    io.out(`DB: Deleted ${rows} rows from ${table} based on timestamp column ${column}\n`);
}

/** A database that cannot be used has a code of its own: 1 says that there is more to archive. */
async function onDatabase<T>(
  config: DataConfig,
  exitCode: number,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  try {
    return await withMigratedDatabase(config, work);
  } catch (error) {
    if (!(error instanceof DatabaseError || error instanceof DatabaseUnusable)) throw error;
    throw new ExitCode(exitCode, error.message, { cause: error });
  }
}

const COLUMNS: readonly Column<[table: string, rows: number]>[] = [
  ['Table', ([table]) => table],
  ['Number of Rows Archived', ([, rows]) => rows],
];

function tableOf(counts: RowCounts): string {
  return listTable(
    COLUMNS,
    [...counts].sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

/** Longer than an hour is a mistake. */
const MAX_PAUSE = 3600;

function parsePause(text: string): number {
  const seconds = wholeNumber(text);
  if (seconds !== undefined && seconds <= MAX_PAUSE) return seconds;
  throw new InvalidArgumentError(`It must be a whole number of seconds from 0 to ${MAX_PAUSE}.`);
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * Days and months, short or long, and zones. JavaScript ignores others: `yesterday 2026` would be the first day of
 * 2026.
 */
const WORD_OF_DATES =
  /^((mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?|jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?|utc|gmt|z|t|am|pm|[ecmp][sd]t)$/i;

function hasOnlyWordsOfDates(text: string): boolean {
  return (text.match(/[a-z]+/gi) ?? []).every((word) => WORD_OF_DATES.test(word));
}

/** JavaScript takes 30 February for a day in March, and more would be deleted than was asked for. */
function isDayOfMonth(text: string): boolean {
  const [, year, month, day] = /^\s*(\d{4})-(\d\d?)-(\d\d?)\b/.exec(text) ?? [];
  return (
    day === undefined ||
    new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day)
  );
}

/** As the database keeps times. Without a zone it is UTC, as the rows' times are. @throws ExitCode */
function dateOf(text: string | undefined, exitCode: number): string | undefined {
  if (text === undefined) return undefined;
  const isDate = /\b\d{4}\b/.test(text) && hasOnlyWordsOfDates(text) && isDayOfMonth(text);
  const time = [`${text} UTC`, text].map((each) => Date.parse(each)).find((each) => !Number.isNaN(each));
  if (!isDate || time === undefined) throw new ExitCode(exitCode, `Invalid value for --before: ${text}`);
  return new Date(time).toISOString();
}
