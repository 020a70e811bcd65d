import { Session } from 'node:inspector/promises';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryRoot } from '@mini-nova/testing';

/** Records which built files of this workspace have functions that run, by V8's coverage of this process. */
export class ExecutedFiles {
  readonly #session = new Session();

  /** Starts recording: what ran before, such as modules being loaded, does not count. */
  async begin(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await this.#session.post('Profiler.takePreciseCoverage');
  }

  /** What has run since `begin`: paths from the repository's root, as of the sources. */
  async end(): Promise<string[]> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    await this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
    const root = repositoryRoot + sep;
    return result
      .filter(({ url, functions }) => url.startsWith('file:') && functions.some(hasRun))
      .map(({ url }) => fileURLToPath(url))
      .filter((path) => path.startsWith(root) && !path.includes(`${sep}node_modules${sep}`))
      .map((path) => path.slice(root.length).replace(`dist${sep}`, '').replace(/\.js$/, '.ts'))
      .sort();
  }
}

function hasRun({ ranges }: { ranges: readonly { count: number }[] }): boolean {
  return ranges.some(({ count }) => count > 0);
}
