import { answerRequests } from '../shared/answer-requests.ts';
import { CpuProfile } from '../shared/cpu-profile.ts';
import { type Memory, memoryInUse, type Usage, UsageMeter } from '../shared/usage.ts';
import type { EchoArgs, EchoService, Place } from './contender.ts';
import { loadContender } from './load-contender.ts';

/** Serves at once, or, between `hold` and `release`, only then. */
class CountingService implements EchoService {
  notes = 0;
  /** Milliseconds since the epoch. */
  lastNoteAt = 0;
  #held: (() => void)[] | undefined;

  get held(): number {
    return this.#held?.length ?? 0;
  }

  echo(args: EchoArgs): EchoArgs | Promise<EchoArgs> {
    const held = this.#held;
    if (held === undefined) return args;
    return new Promise((resolve) => held.push(() => resolve(args)));
  }

  note(): void {
    this.notes += 1;
    this.lastNoteAt = Date.now();
  }

  hold(): void {
    this.#held = [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const answer of held) answer();
  }
}

const service = new CountingService();
const contender = await loadContender();
let meter: UsageMeter | undefined;
let profile: CpuProfile | undefined;

answerRequests({
  serve: (place: Place) => contender.serve(place, service),
  begin: async ({ profiled }: { profiled: boolean }) => {
    service.notes = 0;
    if (profiled) {
      profile = new CpuProfile();
      await profile.start();
    }
    meter = new UsageMeter();
  },
  end: async ({ file }: { file?: string }): Promise<Usage | undefined> => {
    const usage = meter?.end();
    if (file !== undefined) await profile?.write(file);
    return usage;
  },
  notes: () => ({ count: service.notes, lastAt: service.lastNoteAt }),
  hold: (): Memory => {
    service.hold();
    return memoryInUse();
  },
  held: () => service.held,
  memory: (): Memory => memoryInUse(),
  release: () => service.release(),
});
