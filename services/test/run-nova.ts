import { runNova } from '../client/run.ts';
import { CapturedIo } from './captured-io.ts';

export interface NovaResult {
  code: number;
  out: string;
  err: string;
  /** What it printed, as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON that tests look into
  json(): any;
}

/** Runs one command line of `nova` in this process. */
export async function nova(
  endpoint: string,
  args: readonly string[],
  { terminal = false } = {},
): Promise<NovaResult> {
  const captured = new CapturedIo();
  const io = { ...captured.io, errIsTerminal: terminal, env: { NOVA_ENDPOINT: endpoint } };
  const code = await runNova(args, io, '1.2.3');
  const { out, err } = captured.text;
  return { code, out, err, json: () => JSON.parse(out) };
}
