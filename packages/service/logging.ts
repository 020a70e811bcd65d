import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import type { Logger } from '@mini-nova/messaging';
import {
  type DestinationStream,
  type Level,
  type LoggerOptions as PinoOptions,
  pino,
  stdSerializers,
} from 'pino';
import type * as PinoPretty from 'pino-pretty';
import type { Notice } from './logs/log-sink.ts';
import { standardError } from './logs/standard-error.ts';
import { currentContext } from './request-scope.ts';

export interface LoggerOptions {
  /** The daemon's name: `nova-compute`. */
  name: string;
  /** Level debug instead of info. */
  debug?: boolean;
  /** Default: standard error, written at once; lines that cannot be written are dropped and counted (see `LogSink`). */
  destination?: DestinationStream;
  /** Lines for people instead of JSON. Default: when the destination is a terminal. */
  pretty?: boolean;
}

/** A logger whose level can change. */
export interface LeveledLogger extends Logger {
  level: string;
  isLevelEnabled(level: Level): boolean;
}

const STDERR = 2;

/** Lines with time, level, name, pid and, while a request runs, its `request_id`: JSON, or for people on a terminal. */
export function createLogger(options: LoggerOptions): LeveledLogger {
  const { name, debug = false, pretty = options.destination === undefined && isatty(STDERR) } = options;
  const lines = {
    level: levelOf(debug),
    base: { name, pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: stdSerializers.err, error: stdSerializers.err },
  };
  const format = pretty ? prettyStream : (destination: DestinationStream) => destination;
  return pino(
    {
      ...lines,
      mixin: requestFields,
      // A line that names another request keeps that one.
      mixinMergeStrategy: (line, fields) => ({ ...fields, ...line }),
    },
    format(options.destination ?? toStandardError(noticeOf(lines, format))),
  );
}

function toStandardError(notice: Notice): DestinationStream {
  const sink = standardError();
  return { write: (line) => sink.write(line, notice) };
}

/** A line in the usual form that says how many are missing. */
function noticeOf(lines: PinoOptions, format: (destination: DestinationStream) => DestinationStream): Notice {
  let written = '';
  const logger = pino(
    lines,
    format({
      write: (line) => {
        written = line;
      },
    }),
  );
  return (dropped) => {
    logger.warn({ dropped }, 'Log lines were dropped before this one: they could not be written');
    return written;
  };
}

export function levelOf(debug: boolean): Level {
  return debug ? 'debug' : 'info';
}

/** Loaded only for a terminal: daemons under a service manager save its time and memory. */
function prettyStream(destination: DestinationStream): DestinationStream {
  const load = createRequire(import.meta.url);
  const { prettyFactory } = load('pino-pretty') as typeof PinoPretty;
  const format = prettyFactory({
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,name,request_id,global_request_id',
    messageFormat: '{name}[{pid}] {if request_id}{request_id} {end}{msg}',
    colorize: isatty(STDERR) && !process.env.NO_COLOR,
    singleLine: true,
  });
  return { write: (line) => destination.write(format(line)) };
}

function requestFields(): object {
  const ctxt = currentContext();
  if (!ctxt) return {};
  const { request_id, global_request_id } = ctxt;
  return global_request_id === null ? { request_id } : { request_id, global_request_id };
}
