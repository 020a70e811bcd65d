// Writes what is made of the option tables of @mini-nova/config: etc/nova/nova.conf, and the reference in
// docs/configuration.md. Run by `npm run config:generate`, which builds first. With --check it writes nothing, and
// names the files that are stale; then it exits with 1.
import { readFileSync, writeFileSync } from 'node:fs';
import { insertReference, renderSampleConfig } from '../packages/config/dist/index.js';

const generated = {
  'etc/nova/nova.conf': () => renderSampleConfig(),
  'docs/configuration.md': (page) => insertReference(page),
};
const check = process.argv.includes('--check');

for (const [path, render] of Object.entries(generated)) {
  const url = new URL(`../${path}`, import.meta.url);
  const present = readFileSync(url, 'utf8');
  const text = render(present);
  if (text === present) continue;
  if (check) {
    process.exitCode = 1;
    console.error(`${path} is stale: npm run config:generate`);
  } else {
    writeFileSync(url, text);
    console.log(`${path} is written`);
  }
}
