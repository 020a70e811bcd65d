import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The uuid under which each node of this host is recorded, kept outside the database. */
export interface NodeIdentities {
  /** Undefined: the node was never recorded. */
  read(nodename: string): string | undefined;
  write(nodename: string, uuid: string): void;
}

/** For computes that do not outlive their database. */
export class MemoryNodeIdentities implements NodeIdentities {
  readonly #uuids = new Map<string, string>();

  read(nodename: string): string | undefined {
    return this.#uuids.get(nodename);
  }

  write(nodename: string, uuid: string): void {
    this.#uuids.set(nodename, uuid);
  }
}

/** The file of a node's uuid does not hold a uuid. */
export class NodeIdentityUnusable extends Error {
  override readonly name = 'NodeIdentityUnusable';
  readonly code = 'NODE_IDENTITY_UNUSABLE';

  constructor(file: string) {
    super(
      `${file} does not hold the uuid of a compute node: restore it, or remove it to start without memory`,
    );
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Keeps uuids in files of a folder, like Nova's `compute_id`, but one file per node, since several computes may share
 * the folder. Each file is read once.
 */
export class StoredNodeIdentities implements NodeIdentities {
  readonly #folder: string;
  readonly #known = new MemoryNodeIdentities();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws NodeIdentityUnusable, Error of the file system */
  read(nodename: string): string | undefined {
    const known = this.#known.read(nodename) ?? readUuid(this.#file(nodename));
    if (known !== undefined) this.#known.write(nodename, known);
    return known;
  }

  /** @throws Error of the file system; this process knows the uuid nevertheless */
  write(nodename: string, uuid: string): void {
    this.#known.write(nodename, uuid);
    mkdirSync(this.#folder, { recursive: true });
    const file = this.#file(nodename);
    writeFileSync(`${file}.next`, `${uuid}\n`, { flush: true });
    renameSync(`${file}.next`, file);
  }

  #file(nodename: string): string {
    return join(this.#folder, `compute_id.${fileName(nodename)}`);
  }
}

/** File systems allow 255 bytes for a name, and encoding may make it three times as long. */
function fileName(nodename: string): string {
  const name = encodeURIComponent(nodename);
  return name.length <= 200 ? name : createHash('sha256').update(nodename).digest('hex');
}

function readUuid(file: string): string | undefined {
  const text = readIfThere(file)?.trim();
  if (text === undefined || UUID.test(text)) return text;
  throw new NodeIdentityUnusable(file);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
