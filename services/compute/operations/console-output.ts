import type { ComputeOperation } from './operation.ts';

/** The last lines that the guest wrote to its console; without a length, all of them. */
export const consoleOutput: ComputeOperation<'getConsoleOutput'> = async (host, ctxt, args) => {
  const { instance, tail_length } = args;
  return tailOf(await host.driver.getConsoleOutput(ctxt, instance), tail_length);
};

function tailOf(output: string, lines: number | null): string {
  if (lines === null) return output;
  if (lines <= 0) return '';
  return output.split('\n').slice(-lines).join('\n');
}
