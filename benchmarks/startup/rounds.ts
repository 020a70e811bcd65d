import { rotated } from '../shared/rotated.ts';
import { measureStart } from './measure-start.ts';
import type { Pinger } from './pinger.ts';
import type { Subject, SubjectRounds } from './subject.ts';

export interface StartRoundsOptions {
  rounds: number;
  pinger: Pinger;
  /** Called with progress messages. */
  log(line: string): void;
  /** Called for each subject that cannot be measured. */
  onMissing(title: string, error: unknown): void;
}

/**
 * Measures the subjects in turns, each round beginning with a different one. A first start of each does not count: it
 * brings the files into the system's cache and makes the queue in which later pings wait. A subject that fails to
 * start then is left out.
 */
export async function startRounds(
  subjects: readonly Subject[],
  { rounds, pinger, log, onMissing }: StartRoundsOptions,
): Promise<SubjectRounds[]> {
  const entries: { subject: Subject; measured: SubjectRounds }[] = [];
  for (const subject of subjects) {
    const { id, title } = subject;
    log(`starting ${title}`);
    try {
      await measureStart(subject, pinger);
      entries.push({ subject, measured: { id, title, starts: [] } });
    } catch (error) {
      onMissing(title, error);
    }
  }
  for (let round = 0; round < rounds; round += 1) {
    log(`round ${round + 1} of ${rounds}`);
    for (const { subject, measured } of rotated(entries, round)) {
      measured.starts.push(await measureStart(subject, pinger));
    }
  }
  return entries.map(({ measured }) => measured);
}
