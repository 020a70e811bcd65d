import { runManage } from '@mini-nova/manage/run';
import { novaSchema } from './nova-schema.ts';
import { processIo } from './process-io.ts';
import { packageVersion } from './version.ts';

process.exitCode = await runManage(process.argv.slice(2), {
  io: processIo(),
  version: packageVersion(),
  schema: novaSchema,
});
