// Installs packed packages as a strict package manager does: each in a folder of its own, outside of any workspace, where nothing
// is found but what it declares. Third parties come from the workspace's node_modules, so that no registry is asked.
import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a package says that its users have, too, without installing it for them. */
const isOptional = ({ peerDependenciesMeta = {} }, name) => peerDependenciesMeta[name]?.optional === true;

/** The names of what is there at run time, wherever the package is installed. */
export function declaredBy(manifest) {
  const { dependencies = {}, peerDependencies = {} } = manifest;
  return [...Object.keys(dependencies), ...Object.keys(peerDependencies)].filter(
    (name) => !isOptional(manifest, name),
  );
}

/** What only those need who want the package's types. */
export function optionalFor(manifest) {
  return Object.keys(manifest.peerDependencies ?? {}).filter((name) => isOptional(manifest, name));
}

async function link(target, path) {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
}

/** Packages by name: `{ manifest, paths, read, source }`; `source` is the folder of its workspace. */
export class InstalledPackages {
  #packages;
  #root;
  #folder;

  constructor(packages, { root, folder }) {
    this.#packages = new Map(packages.map((one) => [one.manifest.name, one]));
    this.#root = root;
    this.#folder = folder;
  }

  /** The folder of a program that uses all of them. */
  get consumer() {
    return join(this.#folder, 'consumer');
  }

  async install() {
    for (const [name, { paths, read, manifest }] of this.#packages) {
      const files = paths.map(async (path) => {
        const file = join(this.#folderOf(name), path);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, read(path));
      });
      await Promise.all(files);
      await this.#linkInto(name, declaredBy(manifest));
      await link(this.#folderOf(name), join(this.consumer, 'node_modules', name));
    }
    await writeFile(join(this.consumer, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  }

  /** For the compiler: what optional peers are for. */
  async installOptional() {
    for (const [name, { manifest }] of this.#packages) await this.#linkInto(name, optionalFor(manifest));
    await link(join(this.#root, 'node_modules/@types/node'), join(this.consumer, 'node_modules/@types/node'));
  }

  #storeOf(name) {
    return join(this.#folder, 'store', name.replace('/', '+'), 'node_modules');
  }

  #folderOf(name) {
    return join(this.#storeOf(name), name);
  }

  async #linkInto(name, dependencies) {
    for (const dependency of dependencies) {
      const target = this.#find(dependency, this.#packages.get(name).source);
      if (target !== undefined) await link(target, join(this.#storeOf(name), dependency));
    }
  }

  #find(name, source) {
    if (this.#packages.has(name)) return this.#folderOf(name);
    const places = [source, this.#root].map((folder) => join(folder, 'node_modules', name));
    return places.find(existsSync);
  }
}
