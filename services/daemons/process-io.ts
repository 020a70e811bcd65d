import type { ClientIo } from '@mini-nova/client/io';

/** How the process exits when its results could not be written. */
const OUTPUT_LOST = 1;

/**
 * The standard streams of a command, which does all its work even if their reader leaves (`| head`) or their file
 * system is full. A reader that has left did not want the rest; if results are lost for another reason, a line on
 * standard error says so, and the exit code is 1. Call it once.
 */
export function processIo(): ClientIo {
  const { stdout, stderr, env } = process;
  const err = writerTo(stderr, () => {});
  const out = writerTo(stdout, (error) => {
    if (error.code === 'EPIPE') return;
    err(`Standard output cannot be written: ${error.message}\n`);
    // The work has its own exit code, and may set it later.
    process.on('exit', () => {
      process.exitCode ||= OUTPUT_LOST;
    });
  });
  return { out, err, errIsTerminal: stderr.isTTY === true, env };
}

/** Nothing is written to a stream that has failed. */
function writerTo(
  stream: NodeJS.WriteStream,
  onLost: (error: NodeJS.ErrnoException) => void,
): (text: string) => void {
  let lost = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (!lost) onLost(error);
    lost = true;
  });
  return (text) => {
    if (!lost) stream.write(text);
  };
}
