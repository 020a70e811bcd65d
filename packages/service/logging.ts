import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import type { Logger } from '@mini-nova/messaging';
import { type DestinationStream, type Level, pino, stdSerializers } from 'pino';
import type * as PinoPretty from 'pino-pretty';
import { currentContext } from './request-scope.ts';

export interface LoggerOptions {
  /** Of the daemon: `nova-compute`. */
  name: string;
  /** Level debug instead of info. */
  debug?: boolean;
  /** Default: standard error, written at once, so that the last lines before an exit are not lost. */
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
  const destination = options.destination ?? pino.destination({ dest: STDERR, sync: true });
  return pino(
    {
      level: levelOf(debug),
      base: { name, pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
      mixin: requestFields,
      // A line that names another request keeps that one.
      mixinMergeStrategy: (line, fields) => ({ ...fields, ...line }),
    },
    pretty ? prettyStream(destination) : destination,
  );
}

export function levelOf(debug: boolean): Level {
  return debug ? 'debug' : 'info';
}

/** Loaded only where somebody looks: daemons under a service manager spare its time and memory. */
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
