import { constants, fstatSync, openSync } from 'node:fs';
import { LogSink } from './log-sink.ts';

const STDERR = 2;

let sink: LogSink | undefined;

/** Where this process's log lines go: one sink for all loggers, which keeps what a slow reader has not taken. */
export function standardError(): LogSink {
  if (!sink) {
    const opened = new LogSink(nonBlocking(STDERR));
    process.on('exit', () => opened.finish());
    sink = opened;
  }
  return sink;
}

/** Log lines of this process that could not be written. */
export function droppedLogLines(): number {
  return sink?.dropped ?? 0;
}

/**
 * Writes what must be said before there is a logger; an error in writing it is ignored, as there is nowhere to report
 * it.
 */
export function complain(text: string): void {
  standardError().write(`${text}\n`, (dropped) => `${dropped} lines before this could not be written\n`);
}

/**
 * A non-blocking descriptor for the same file. Writes to a regular file never block. A pipe or a terminal is opened
 * anew, because the flag belongs to the open file: a shell or another process that shares it must not find it changed.
 */
function nonBlocking(descriptor: number): number {
  if (fstatSync(descriptor).isFile()) return descriptor;
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // A socket, another user's pipe, or no /proc: Node.js sets the flag when it makes its stream.
    void process.stderr;
    return descriptor;
  }
}
