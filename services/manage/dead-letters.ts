import { type Column, listTable } from '@mini-nova/client/table';
import type { DataConfig } from '@mini-nova/data/options';
import { DeadLetters, type QueuedDeadLetter, type Selected, type Selection } from '@mini-nova/messaging';
import { transportOptions } from '@mini-nova/service';
import { type Command, InvalidArgumentError } from 'commander';
import type { ManageIo } from './io.ts';

/** Some of the dead letters that were named are not there. */
export class LettersMissing extends Error {
  override readonly name = 'LettersMissing';
}

interface Flags {
  topic: string;
  json?: boolean;
  limit?: number;
  all?: boolean;
}

const COLUMNS: readonly Column<QueuedDeadLetter>[] = [
  ['Id', ({ id }) => id],
  ['Method', ({ method }) => method],
  ['To', ({ routingKey }) => routingKey],
  ['Attempts', ({ attempts }) => attempts],
  ['Died_At', ({ diedAt }) => diedAt],
  ['Reason', ({ reason }) => shorten(reason)],
];

const REASON_WIDTH = 60;
const LIMIT = 100;

/** Adds `nova-manage dead-letters list|replay|delete`. */
export function addDeadLetterCommands(
  program: Command,
  configOf: (command: Command) => DataConfig,
  io: ManageIo,
): void {
  const letters = program
    .command('dead-letters')
    .description('casts that have failed too often, of servers that acknowledge after success');
  subcommand(letters, 'list', 'list the oldest')
    .option('--limit <number>', 'how many', positive, LIMIT)
    .action(({ topic, limit, json = false }: Flags, command: Command) =>
      withLetters(configOf(command), topic, async (dead) => {
        const found = await dead.list(limit);
        io.out(json ? `${JSON.stringify(found)}\n` : listTable(COLUMNS, found));
      }),
    );
  for (const [name, past] of [
    ['replay', 'replayed'],
    ['delete', 'deleted'],
  ] as const) {
    const what = name === 'replay' ? 'send them to their server again, as new' : 'delete them for good';
    subcommand(letters, name, what)
      .argument('[ids...]', 'as shown by list')
      .option('--all', 'all that are there')
      .action((ids: string[], flags: Flags, command: Command) => {
        const selection = selectionOf(ids, flags, command);
        return withLetters(configOf(command), flags.topic, async (dead) => {
          tell(io, past, await dead[name](selection), flags.json);
        });
      });
  }
}

function subcommand(letters: Command, name: string, description: string): Command {
  return letters
    .command(name)
    .description(description)
    .requiredOption('--topic <topic>', 'topic of their servers', nameOfQueue)
    .option('--json', 'print JSON, for programs');
}

function selectionOf(ids: string[], { all = false }: Flags, command: Command): Selection {
  if (all === ids.length > 0) command.error('error: name some ids, or give --all');
  return all ? 'all' : ids;
}

function tell(io: ManageIo, past: string, { count, missing }: Selected, json = false): void {
  io.out(json ? `${JSON.stringify({ [past]: count, missing })}\n` : `${count} ${past}.\n`);
  if (missing.length > 0) throw new LettersMissing(`There is no dead letter ${missing.join(', ')}.`);
}

async function withLetters(
  config: DataConfig,
  topic: string,
  work: (letters: DeadLetters) => Promise<void>,
): Promise<void> {
  const { url, rabbit } = transportOptions(config);
  const letters = await DeadLetters.open({ url, topic, ...(rabbit && { rabbit }) });
  try {
    await work(letters);
  } finally {
    await letters.close();
  }
}

/** Bytes that AMQP leaves for a queue's name: it is the topic's, with an ending. */
const TOPIC_MAX = 255 - '_dead_letters'.length;

function nameOfQueue(text: string): string {
  if (text !== '' && Buffer.byteLength(text) <= TOPIC_MAX) return text;
  throw new InvalidArgumentError(`It must be a name of 1 to ${TOPIC_MAX} bytes.`);
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

function shorten(text: string): string {
  return text.length > REASON_WIDTH ? `${text.slice(0, REASON_WIDTH - 1)}…` : text;
}
