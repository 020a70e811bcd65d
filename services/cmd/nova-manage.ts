import { runManage } from '../manage/run.ts';
import { packageVersion } from './version.ts';

const io = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
};

process.exitCode = await runManage(process.argv.slice(2), io, packageVersion());
