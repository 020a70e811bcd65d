import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import { currentContext } from './request-scope.ts';

export interface LoggerOptions {
  /** Of the daemon: `nova-compute`. */
  name: string;
  /** Level debug instead of info. */
  debug?: boolean;
  /** Default: standard error, written at once, so that the last lines before an exit are not lost. */
  destination?: DestinationStream;
}

/** JSON lines with time, level, name, pid and, while a request runs, its `request_id`. */
export function createLogger({ name, debug = false, destination }: LoggerOptions): Logger {
  return pino(
    {
      level: debug ? 'debug' : 'info',
      base: { name, pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err, error: stdSerializers.err },
      mixin: requestFields,
      // A line that names another request keeps that one.
      mixinMergeStrategy: (line, fields) => ({ ...fields, ...line }),
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

function requestFields(): object {
  const ctxt = currentContext();
  if (!ctxt) return {};
  const { request_id, global_request_id } = ctxt;
  return global_request_id === null ? { request_id } : { request_id, global_request_id };
}
