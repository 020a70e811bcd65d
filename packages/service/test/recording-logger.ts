import type { Logger } from '@mini-nova/messaging';

export interface LogLine {
  level: keyof Logger;
  message: string;
  data: object;
}

/** A logger that keeps what was logged. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[] = [];

  debug(data: object, message: string): void {
    this.lines.push({ level: 'debug', data, message });
  }

  info(data: object, message: string): void {
    this.lines.push({ level: 'info', data, message });
  }

  warn(data: object, message: string): void {
    this.lines.push({ level: 'warn', data, message });
  }

  error(data: object, message: string): void {
    this.lines.push({ level: 'error', data, message });
  }

  of(level: keyof Logger): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }
}
