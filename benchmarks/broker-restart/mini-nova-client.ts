import { setTimeout as sleep } from 'node:timers/promises';
import { getTransport, MessagingError, RPCClient, Target } from '@mini-nova/messaging';
import type { Place } from '../rpc/contender.ts';
import { answerRequests } from '../shared/answer-requests.ts';
import { type OpenLoopOptions, openLoop } from '../shared/open-loop.ts';
import { quietLogger } from '../shared/quiet-logger.ts';
import { type CallRecords, OK, UNTYPED } from './call-record.ts';

/** Milliseconds after the last call in which all must settle: their timeout and a margin. */
const PATIENCE = 70_000;

let client: RPCClient | undefined;

answerRequests({
  connect: async ({ url, topic }: Place) => {
    const transport = getTransport({
      url,
      controlExchange: 'bench-restart',
      logger: quietLogger,
      name: 'client',
    });
    client = new RPCClient(transport, new Target({ topic, version: '1.0' }));
    await client.call({}, 'ping', {});
  },
  run: (options: OpenLoopOptions) => run(options),
});

async function run(options: OpenLoopOptions): Promise<CallRecords> {
  const records: CallRecords = { sentAt: [], settledAt: [], outcomes: [] };
  const calls: Promise<void>[] = [];
  await openLoop(options, (n) => calls.push(call(n, records)));
  await Promise.race([Promise.all(calls), sleep(PATIENCE)]);
  return records;
}

async function call(n: number, { sentAt, settledAt, outcomes }: CallRecords): Promise<void> {
  sentAt[n] = Date.now();
  settledAt[n] = null;
  outcomes[n] = null;
  let outcome = OK;
  try {
    const answer = await client?.call({}, 'echo', { n });
    if (answer !== n) outcome = `${UNTYPED}answer ${answer}`;
  } catch (error) {
    outcome = error instanceof MessagingError ? error.name : `${UNTYPED}${String(error)}`;
  }
  settledAt[n] = Date.now();
  outcomes[n] = outcome;
}
