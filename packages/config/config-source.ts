import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigProblem, unreadable } from './config-error.ts';

/**
 * A file, or a directory whose `*.conf` files are all read, sorted by name. It must exist unless it is optional.
 */
export type ConfigSource = ({ readonly file: string } | { readonly directory: string }) & {
  readonly optional?: boolean;
};

/** The project whose default files are read when none is named. */
const DEFAULT_PROJECT = 'nova';

/** Read first when no file was named and it exists. */
export function defaultConfigFile(project = DEFAULT_PROJECT): string {
  return `/etc/${project}/${project}.conf`;
}

/** Read next when no directory was named and it exists. */
export function defaultConfigDirectory(project = DEFAULT_PROJECT): string {
  return `/etc/${project}/${project}.conf.d`;
}

/**
 * The given sources after the default ones. As in oslo.config, naming a file replaces the default file, and naming
 * a directory the default directory, but neither replaces the other.
 */
export function withDefaultSources(given: readonly ConfigSource[], project?: string): ConfigSource[] {
  const defaults: ConfigSource[] = [];
  if (!given.some((source) => 'file' in source)) {
    defaults.push({ file: defaultConfigFile(project), optional: true });
  }
  if (!given.some((source) => 'directory' in source)) {
    defaults.push({ directory: defaultConfigDirectory(project), optional: true });
  }
  return [...defaults, ...given];
}

/** The files of sources, in order. A directory that cannot be read is a problem. */
export function listConfigFiles(sources: readonly ConfigSource[]): {
  files: string[];
  problems: ConfigProblem[];
} {
  const files: string[] = [];
  const problems: ConfigProblem[] = [];
  for (const source of sources) {
    const path = 'file' in source ? source.file : source.directory;
    if (source.optional && isAbsent(path)) continue;
    if ('file' in source) files.push(path);
    else addFilesOf(path, files, problems);
  }
  return { files, problems };
}

/** What this process may not look at may exist; running with defaults instead would be worse than reporting it. */
function isAbsent(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    // Reading it will give the reason.
    return false;
  }
}

function addFilesOf(directory: string, files: string[], problems: ConfigProblem[]): void {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith('.conf') && !name.startsWith('.'));
    files.push(...names.sort().map((name) => join(directory, name)));
  } catch (error) {
    problems.push(unreadable(directory, error, 'directory'));
  }
}
