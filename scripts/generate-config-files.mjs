// Writes what is made of the option tables of @mini-nova/config: etc/nova/nova.conf, and the reference in
// docs/configuration.md. Run by `npm run config:generate`, which builds first. With --check it writes nothing, and
// names the files that are stale; then it exits with 1.
import { insertReference, renderSampleConfig } from '../packages/config/dist/index.js';
import { writeGenerated } from './write-generated.mjs';

await writeGenerated(
  {
    'etc/nova/nova.conf': () => renderSampleConfig(),
    'docs/configuration.md': (page) => insertReference(page),
  },
  'config:generate',
);
