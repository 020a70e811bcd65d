import { runManage } from '../manage/run.ts';
import { processIo } from './process-io.ts';
import { packageVersion } from './version.ts';

process.exitCode = await runManage(process.argv.slice(2), processIo(), packageVersion());
