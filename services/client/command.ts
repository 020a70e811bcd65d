import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from './errors.ts';
import type { ClientIo } from './io.ts';
import { NovaClient } from './nova-client.ts';
import { RestClient } from './rest-client.ts';
import { type Column, listTable, propertyTable } from './table.ts';

const DEFAULT_ENDPOINT = 'http://127.0.0.1:8774/v2.1';
const ENDPOINT_SYNTAX = `It must be a URL such as ${DEFAULT_ENDPOINT}.`;

/**
 * Seconds for one request. Longer than the API waits for an answer on the message bus before it answers 503, so that
 * the user sees the API's reason.
 */
const REQUEST_TIMEOUT = 90;

export interface GlobalOptions {
  endpoint: string;
  /** Seconds. */
  timeout: number;
  /** Undefined: the API's default project. */
  osProjectId?: string;
  json?: boolean;
}

/** What the action of one command works with. */
export interface CommandContext {
  readonly nova: NovaClient;
  readonly io: ClientIo;
  readonly json: boolean;
}

/** Adds a command that can print JSON. */
export function addCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--json', 'print JSON, for programs')
    .showHelpAfterError(`(see nova ${name} --help)`);
}

export function contextOf(command: Command, io: ClientIo): CommandContext {
  const {
    endpoint,
    timeout,
    osProjectId: projectId,
    json = false,
  } = command.optsWithGlobals<GlobalOptions>();
  if (!isEndpoint(endpoint)) {
    throw new UsageError(`error: NOVA_ENDPOINT '${endpoint}' is invalid. ${ENDPOINT_SYNTAX}`);
  }
  if (projectId !== undefined && /[\p{Cc}\p{Surrogate}]/u.test(projectId)) {
    throw new UsageError('error: the id of the project has characters that cannot be sent.');
  }
  return { nova: new NovaClient(new RestClient({ endpoint, timeout, projectId })), io, json };
}

export function globalOptions(io: ClientIo): Option[] {
  return [
    new Option('--endpoint <url>', 'where the compute API is')
      .default(io.env.NOVA_ENDPOINT || DEFAULT_ENDPOINT)
      .argParser(parseEndpoint),
    new Option('--timeout <seconds>', 'how long one request may take')
      .default(REQUEST_TIMEOUT)
      .argParser(parseSeconds),
    new Option('--os-project-id <id>', 'the project whose servers are meant').default(
      io.env.OS_PROJECT_ID || undefined,
    ),
  ];
}

/** `--poll` of commands that start something which takes time. */
export function pollOptions(what: string): Option[] {
  return [
    new Option('--poll', `wait until ${what}, with progress`),
    new Option('--poll-timeout <seconds>', 'how long to wait').default(600).argParser(parseSeconds),
  ];
}

/** A list: a table, or a JSON array. */
export function printList<T>({ io, json }: CommandContext, columns: readonly Column<T>[], items: T[]): void {
  io.out(json ? `${JSON.stringify(items)}\n` : listTable(columns, items));
}

/** One thing: a table of its properties, or its JSON object. */
export function printItem<T extends object>(
  { io, json }: CommandContext,
  item: T,
  properties: object = item,
): void {
  io.out(json ? `${JSON.stringify(item)}\n` : propertyTable(properties));
}

/** A sentence for people; what programs get instead is `item`. */
export function printDone({ io, json }: CommandContext, sentence: string, item: object): void {
  io.out(json ? `${JSON.stringify(item)}\n` : `${sentence}\n`);
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1)
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return count;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds < 1e6)) throw new InvalidArgumentError('It must be a number above 0.');
  return seconds;
}

function parseEndpoint(text: string): string {
  if (!isEndpoint(text)) throw new InvalidArgumentError(ENDPOINT_SYNTAX);
  return text;
}

function isEndpoint(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}
