import { runNova } from '@mini-nova/client/run';
import { processIo } from './process-io.ts';
import { packageVersion } from './version.ts';

process.exitCode = await runNova(process.argv.slice(2), processIo(), packageVersion());
