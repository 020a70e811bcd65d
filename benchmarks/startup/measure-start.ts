import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from '@mini-nova/testing';
import { processorTime } from '../shared/processor-time.ts';
import { residentMemory } from '../shared/resident-memory.ts';
import type { Pinger } from './pinger.ts';
import type { StartFigures, Subject } from './subject.ts';

/** Seconds. */
const START_TIMEOUT = 60;
/** Seconds from ready to the second look at the memory. */
const LATER = 2;

/** Starts it, and ends it when it has been measured. @throws Error when it ends before it is ready */
export async function measureStart(subject: Subject, pinger: Pinger): Promise<StartFigures> {
  const begin = performance.now();
  const elapsed = (): number => (performance.now() - begin) / 1000;
  const child = await startSubject(subject);
  const over = new AbortController();
  try {
    const { readyLine, ping } = subject;
    const ready = Promise.all([
      readyLine ? child.waitForLine(readyLine, START_TIMEOUT).then(elapsed) : null,
      ping ? pinger.ping(ping, over.signal).then(elapsed) : null,
    ]);
    const [line, answer] = await Promise.race([ready, failure(child, subject)]);
    const [cpu, { now: memory }] = await Promise.all([processorTime(child.pid), residentMemory(child.pid)]);
    await sleep(LATER * 1000);
    const { now: memoryLater, peak: memoryPeak } = await residentMemory(child.pid);
    return { line, answer, cpu, memory, memoryLater, memoryPeak };
  } finally {
    over.abort();
    await child.stop();
  }
}

/** Nothing of this process's own environment, which a benchmark's result must not depend on. */
export function startSubject({ command, args }: Pick<Subject, 'command' | 'args'>): Promise<Child> {
  const { PATH, HOME, TMPDIR } = process.env;
  return Child.start(command, args, { env: { PATH, HOME, TMPDIR, LANG: 'C.UTF-8' } });
}

async function failure(child: Child, { title }: Subject): Promise<never> {
  const result = await child.ended;
  throw new Error(`${title} ended with ${result} before it was ready:\n${child.output.slice(-2000)}`);
}
