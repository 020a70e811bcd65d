import { novaSchema } from '@mini-nova/daemons/nova-schema';
import { runManage } from '@mini-nova/manage/run';
import { CapturedIo } from './captured-io.ts';

/** Runs one command line of `nova-manage` in this process. */
export async function manage(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const captured = new CapturedIo();
  const code = await runManage(args, { io: captured.io, version: '1.2.3', schema: novaSchema });
  return { code, ...captured.text };
}
