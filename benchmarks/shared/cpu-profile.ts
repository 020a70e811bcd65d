import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';

/** Microseconds. */
const SAMPLING_INTERVAL = 200;

/** A profile of a part of the life of this process's main thread: like --cpu-prof, but without the start. */
export class CpuProfile {
  readonly #session = new Session();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL });
    await this.#session.post('Profiler.start');
  }

  /** Ends it and writes the file (.cpuprofile), which Chrome's DevTools and editors open. */
  async write(file: string): Promise<void> {
    const { profile } = await this.#session.post('Profiler.stop');
    this.#session.disconnect();
    await writeFile(file, JSON.stringify(profile));
  }
}
