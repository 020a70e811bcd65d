// Writes etc/nova/nova.conf from the option tables of @mini-nova/config. Run by `npm run config:sample`, which
// builds first.
import { writeFileSync } from 'node:fs';
import { renderSampleConfig } from '../packages/config/dist/index.js';

writeFileSync(new URL('../etc/nova/nova.conf', import.meta.url), renderSampleConfig());
