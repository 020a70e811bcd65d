import { residentMemory } from '../shared/resident-memory.ts';
import type { DaemonProcess } from './daemon-process.ts';

/** Resident, in MB. */
export interface DaemonMemory {
  primary: number;
  /** Ascending. */
  workers: number[];
}

export async function daemonMemory({ pid, workers }: DaemonProcess): Promise<DaemonMemory> {
  const [primary = Number.NaN, ...others] = await Promise.all(
    [pid, ...workers].map(async (process) => (await residentMemory(process)).now),
  );
  return { primary, workers: others.sort((a, b) => a - b) };
}
