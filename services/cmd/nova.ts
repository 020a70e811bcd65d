import { runNova } from '../client/run.ts';
import { processIo } from './process-io.ts';
import { packageVersion } from './version.ts';

process.exitCode = await runNova(process.argv.slice(2), processIo(), packageVersion());
