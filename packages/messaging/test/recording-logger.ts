import type { Logger } from '../logger.ts';

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  data: Record<string, unknown>;
}

/** Keeps what is logged, for tests to look at. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[] = [];

  debug(data: object, message: string): void {
    this.#add('debug', data, message);
  }

  info(data: object, message: string): void {
    this.#add('info', data, message);
  }

  warn(data: object, message: string): void {
    this.#add('warn', data, message);
  }

  error(data: object, message: string): void {
    this.#add('error', data, message);
  }

  at(...levels: LogLine['level'][]): LogLine[] {
    return this.lines.filter(({ level }) => levels.includes(level));
  }

  #add(level: LogLine['level'], data: object, message: string): void {
    this.lines.push({ level, message, data: { ...data } });
  }
}
