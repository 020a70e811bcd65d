import { readFile } from 'node:fs/promises';

/** USER_HZ: the unit in which Linux reports times to programs, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100;

/**
 * Seconds of user and system time that all threads of a process have used. @throws Error when there is no such process
 */
export async function processorTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name, is in parentheses, and may hold spaces: the third one is the first of these.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
