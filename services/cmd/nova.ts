import { processIo } from '../client/io.ts';
import { runNova } from '../client/run.ts';
import { packageVersion } from './version.ts';

process.exitCode = await runNova(process.argv.slice(2), processIo, packageVersion());
