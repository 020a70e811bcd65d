// Writes what is made of the options of all owners: etc/nova/nova.conf, and the reference in
// docs/configuration.md. Run by `npm run config:generate`, which builds first. With --check it writes nothing, and
// names the files that are stale; then it exits with 1.
import { insertReference, renderReference, renderSampleConfig } from '@mini-nova/config';
import { novaSchema } from '@mini-nova/daemons/nova-schema';
import { writeGenerated } from './write-generated.mjs';

const HEADER = `# Every option of mini-nova with its default. Generated from the schema: npm run config:generate
# Stronger than this file: OS_<GROUP>__<OPTION> in the environment, then the command line.
`;

await writeGenerated(
  {
    'etc/nova/nova.conf': () => renderSampleConfig(novaSchema, HEADER),
    'docs/configuration.md': (page) => insertReference(page, renderReference(novaSchema)),
  },
  'config:generate',
);
