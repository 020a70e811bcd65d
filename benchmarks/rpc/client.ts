import { answerRequests } from '../shared/answer-requests.ts';
import { type Memory, memoryInUse } from '../shared/usage.ts';
import { type CallRun, type CastRun, callInLoops, castInLoops, type LoopOptions } from './closed-loop.ts';
import { ECHO_ARGS, type EchoArgs, type EchoClient, type Place } from './contender.ts';
import { loadContender } from './load-contender.ts';

const contender = await loadContender();
let connected: EchoClient | undefined;
let held: Promise<EchoArgs>[] = [];

function client(): EchoClient {
  if (connected === undefined) throw new Error('not connected');
  return connected;
}

answerRequests({
  connect: async (place: Place) => {
    connected = await contender.connect(place);
    const { x, s } = await connected.call(ECHO_ARGS);
    if (x !== ECHO_ARGS.x || s !== ECHO_ARGS.s) throw new Error('the echo differs from what was sent');
  },
  calls: (options: LoopOptions): Promise<CallRun> => callInLoops(client(), options),
  casts: (options: LoopOptions): Promise<CastRun> => castInLoops(client(), options),
  startHeld: ({ count }: { count: number }): Memory => {
    const before = memoryInUse();
    held = Array.from({ length: count }, () => client().call(ECHO_ARGS));
    return before;
  },
  memory: (): Memory => memoryInUse(),
  endHeld: async () => {
    await Promise.all(held);
    held = [];
  },
});
