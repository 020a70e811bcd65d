import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A temporary directory with configuration files. */
export class ConfigFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'nova-config-'));

  /** Writes a file, by default readable only by its owner, and returns its path. */
  write(name: string, text: string, mode = 0o600): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
