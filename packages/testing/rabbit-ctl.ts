import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { runOk } from './command.ts';
import { ChildProcessError } from './errors.ts';

/** How one broker is reached from outside; plain data, so that it can be passed to another process. */
export interface RabbitCtl {
  /** rabbitmqctl, with the arguments that come before all others. */
  program: string;
  args: string[];
  env: Record<string, string>;
  /** The program that has the broker evaluate an expression without starting an Erlang machine. */
  erlCall?: { program: string; node: string; cookieFile: string };
}

export interface QueueInfo {
  name: string;
  /** Ready and unacknowledged together. */
  messages: number;
  consumers: number;
}

export interface ConsumerInfo {
  queue: string;
  consumerTag: string;
}

export interface ConnectionInfo {
  /** The broker's name for it, for `close_connection`. */
  pid: string;
  /** The client's name for it (`connection_name`); '' if there is none. */
  name: string;
  /** `running`, `blocking`, `blocked` and others. */
  state: string;
}

/** The environment of server programs, without settings of RabbitMQ or PostgreSQL that a shell may have. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = /^(PATH|LANG|TMPDIR|DOCKER_.*)$/;
  const own = Object.entries(process.env).filter(([name]) => kept.test(name));
  return { LANG: 'C.UTF-8', ...Object.fromEntries(own) };
}

/** Runs rabbitmqctl and returns what it printed; takes about a second. */
export function rabbitmqctl(ctl: RabbitCtl, args: readonly string[]): Promise<string> {
  return runOk(ctl.program, [...ctl.args, ...args], {
    env: { ...plainEnvironment(), ...ctl.env },
    timeout: 120,
  });
}

/**
 * Has the broker evaluate an Erlang expression. Returns what it prints; takes milliseconds where there is erl_call.
 * @throws ChildProcessError when the broker is not there, or the expression fails
 */
export async function evaluate(ctl: RabbitCtl, expression: string): Promise<string> {
  const { erlCall, env } = ctl;
  if (erlCall === undefined) return rabbitmqctl(ctl, ['eval', `${expression}.`]);
  const { program, node, cookieFile } = erlCall;
  const cookie = (await readFile(cookieFile, 'latin1')).trim();
  // Under a unique name: two of the same name are not let in.
  const own = `ctl-${randomUUID()}`;
  const printed = await runOk(program, ['-sname', node, '-c', cookie, '-h', own, '-e'], {
    env: { ...plainEnvironment(), ...env },
    input: `${expression}.\n`,
    timeout: 120,
  });
  if (!printed.startsWith('{ok,'))
    throw new ChildProcessError(`RabbitMQ could not evaluate ${expression}`, printed);
  return printed;
}

/** Both programs print only short strings in double quotes, so the value passes through them as base 64, in pieces. */
const asText = (expression: string): string =>
  `(fun Cut([]) -> []; Cut(All) -> {Piece, Rest} = lists:split(min(30000, length(All)), All), [Piece | Cut(Rest)] end)
   (base64:encode_to_string(rabbit_json:encode(${expression})))`;

/** The value of an expression for maps, lists, binaries and numbers. */
async function evaluateJson<T>(ctl: RabbitCtl, expression: string): Promise<T> {
  const printed = await evaluate(ctl, asText(expression));
  const pieces = [...printed.matchAll(/"([^"]*)"/g)].map(([, piece = '']) => piece);
  return JSON.parse(Buffer.from(pieces.join(''), 'base64').toString()) as T;
}

/** Text as an Erlang binary. */
function binary(text: string): string {
  return `<<${[...Buffer.from(text)].join(',')}>>`;
}

export function listQueues(ctl: RabbitCtl): Promise<QueueInfo[]> {
  return evaluateJson(
    ctl,
    `[#{name => element(4, Name), messages => Messages, consumers => Consumers} ||
      [{name, Name}, {messages, Messages}, {consumers, Consumers}] <-
        rabbit_amqqueue:info_all(<<"/">>, [name, messages, consumers])]`,
  );
}

export function listConsumers(ctl: RabbitCtl): Promise<ConsumerInfo[]> {
  return evaluateJson(
    ctl,
    `[#{queue => element(4, proplists:get_value(queue_name, Info)),
        consumerTag => proplists:get_value(consumer_tag, Info)} ||
      Info <- rabbit_amqqueue:consumers_all(<<"/">>)]`,
  );
}

/** The connections of all the broker's nodes. */
export function listConnections(ctl: RabbitCtl): Promise<ConnectionInfo[]> {
  return evaluateJson(
    ctl,
    `[#{pid => list_to_binary(rabbit_misc:pid_to_string(Pid)), state => State,
        name => case is_list(Properties) andalso lists:keyfind(<<"connection_name">>, 1, Properties) of
          {_, _, Name} -> Name;
          false -> <<>>
        end} ||
      [{pid, Pid}, {state, State}, {client_properties, Properties}] <-
        rabbit_networking:connection_info_all([pid, state, client_properties])]`,
  );
}

/** `pid`: as given by `listConnections`. The client is told that a test has closed it. */
export async function closeConnection(ctl: RabbitCtl, pid: string): Promise<void> {
  const reason = 'closed by a test';
  // The connection may have ended meanwhile.
  await evaluate(
    ctl,
    `catch rabbit_networking:close_connection(rabbit_misc:string_to_pid("${pid}"), "${reason}")`,
  );
}

export async function deleteQueue(ctl: RabbitCtl, name: string): Promise<void> {
  const resource = `rabbit_misc:r(<<"/">>, queue, ${binary(name)})`;
  await evaluate(
    ctl,
    `begin {ok, Queue} = rabbit_amqqueue:lookup(${resource}),
      {ok, _} = rabbit_amqqueue:delete(Queue, false, false, <<"test">>) end`,
  );
}
