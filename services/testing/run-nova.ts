import { runNova } from '@mini-nova/client/run';
import { CapturedIo } from './captured-io.ts';

export interface NovaResult {
  code: number;
  out: string;
  err: string;
  /** What it printed, as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON that tests look into
  json(): any;
}

/** Runs one command line of `nova` in this process. `onErr` is called when it has written to stderr. */
export async function nova(
  endpoint: string,
  args: readonly string[],
  { terminal = false, onErr = () => {} } = {},
): Promise<NovaResult> {
  const captured = new CapturedIo();
  const err = (text: string): void => {
    captured.io.err(text);
    onErr();
  };
  const io = { ...captured.io, err, errIsTerminal: terminal, env: { NOVA_ENDPOINT: endpoint } };
  const code = await runNova(args, io, '1.2.3');
  const { text } = captured;
  return { code, ...text, json: () => JSON.parse(text.out) };
}
