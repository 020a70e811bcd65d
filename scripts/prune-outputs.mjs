// `node scripts/prune-outputs.mjs`: removes what tsc has made of sources that are gone or have moved: it leaves it in `dist/`.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const OUTPUT = /^(.*)\.(?:js|js\.map|d\.ts)$/;

/** All folders named `dist` below one, but those of dependencies. */
function outputFolders(folder) {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name }) => {
    if (name === 'node_modules' || name.startsWith('.')) return [];
    return name === 'dist' ? [join(folder, name)] : outputFolders(join(folder, name));
  });
}

function prune(dist) {
  for (const path of readdirSync(dist, { recursive: true })) {
    const [, name] = OUTPUT.exec(path) ?? [];
    if (name && !existsSync(join(dirname(dist), `${name}.ts`))) rmSync(join(dist, path));
  }
}

outputFolders(join(import.meta.dirname, '..')).forEach(prune);
