import { readFile } from 'node:fs/promises';

/** A process's resident memory in MB: 1000 of the kB that /proc shows. */
export interface ResidentMemory {
  now: number;
  /** Its peak. */
  peak: number;
}

/** @throws Error when there is no such process, or no /proc */
export async function residentMemory(pid: number): Promise<ResidentMemory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string): number => {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kilobytes === undefined) throw new Error(`process ${pid} has no ${field}`);
    return Number(kilobytes) / 1000;
  };
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}
