import { getRpcServer, getTransport, Target } from '@mini-nova/messaging';
import type { Place } from '../rpc/contender.ts';
import { answerRequests } from '../shared/answer-requests.ts';
import { quietLogger } from '../shared/quiet-logger.ts';

/** By call number. */
const executions: number[] = [];

answerRequests({
  serve: async ({ url, topic }: Place) => {
    const endpoint = {
      target: new Target({ version: '1.0' }),
      echo: (_ctxt: unknown, { n }: { n: number }) => {
        executions[n] = (executions[n] ?? 0) + 1;
        return n;
      },
      ping: () => 'pong',
    };
    const transport = getTransport({
      url,
      controlExchange: 'bench-restart',
      logger: quietLogger,
      name: 'server',
    });
    await getRpcServer(transport, new Target({ topic, server: 'bench' }), [endpoint]).start();
  },
  executions: () => Array.from(executions, (count) => count ?? 0),
});
