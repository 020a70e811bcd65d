import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** What a process can be asked to do; arguments and results are JSON. */
export type RequestHandlers = Readonly<Record<string, (args: never) => unknown>>;

interface Request {
  id: number;
  method: string;
  args: never;
}

/** The other end of `PeerProcess`: answers requests until the input ends, and then ends the process. */
export function answerRequests(handlers: RequestHandlers): void {
  const answers = createWriteStream('', { fd: 3 });
  const answer = async ({ id, method, args }: Request): Promise<void> => {
    try {
      const handler = handlers[method];
      if (handler === undefined) throw new Error(`no such request: ${method}`);
      const result = (await handler(args)) ?? null;
      answers.write(`${JSON.stringify({ id, result })}\n`);
    } catch (error) {
      answers.write(
        `${JSON.stringify({ id, error: error instanceof Error ? error.stack : String(error) })}\n`,
      );
    }
  };
  createInterface({ input: process.stdin })
    .on('line', (line) => void answer(JSON.parse(line) as Request))
    .on('close', () => process.exit(0));
}
