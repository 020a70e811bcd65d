// What generators of documents share: writes each file that is not as it should be, or with --check names it, and exits with 1.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** @param files by path, from the top of the repository: a function of the present text; @param command writes them */
export async function writeGenerated(files, command) {
  const [argument, ...others] = process.argv.slice(2);
  const check = argument === '--check';
  if (others.length > 0 || (argument !== undefined && !check)) {
    console.error(`npm run ${command}: the only argument is --check`);
    process.exitCode = 2;
    return;
  }
  for (const [path, render] of Object.entries(files)) {
    const url = new URL(`../${path}`, import.meta.url);
    const present = existsSync(url) ? readFileSync(url, 'utf8') : '';
    const text = await render(present);
    if (text === present) continue;
    if (check) {
      process.exitCode = 1;
      console.error(`${path} is stale: npm run ${command}`);
    } else {
      writeFileSync(url, text);
      console.log(`${path} is written`);
    }
  }
}
