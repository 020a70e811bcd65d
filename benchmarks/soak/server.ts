import { getRpcServer, Target } from '@mini-nova/messaging';
import type { Place } from '../rpc/contender.ts';
import { answerRequests } from '../shared/answer-requests.ts';
import { type Memory, memoryInUse } from '../shared/usage.ts';
import { FLOWS, flowTarget, flowTransport } from './flows.ts';
import { Numbers } from './numbers.ts';

/** What was run, by flow. */
const received = new Map(FLOWS.map(({ name }) => [name, new Numbers()]));

answerRequests({
  serve: async (place: Place) => {
    for (const flow of FLOWS) {
      const endpoint = {
        target: new Target({ version: '1.0' }),
        count: (_ctxt: unknown, { n }: { n: number }) => {
          received.get(flow.name)?.add(n);
          return n;
        },
        warm: (_ctxt: unknown, { n }: { n: number }) => n,
      };
      const target = flowTarget(flow, place).with({ server: 'soak' });
      await getRpcServer(flowTransport(flow, place), target, [endpoint]).start();
    }
  },
  received: ({ name }: { name: string }) => received.get(name)?.counts(),
  memory: (): Memory => memoryInUse(),
});
