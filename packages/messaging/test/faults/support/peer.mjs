// One RPC end in a process of its own, to be killed: `node peer.mjs <JSON of PeerSpec>`. It runs the built package.
import { setTimeout as sleep } from 'node:timers/promises';
import { getRpcServer, getTransport, RPCClient, Target } from '@mini-nova/messaging';

const spec = JSON.parse(process.argv[2] ?? '{}');
const say = (word, detail = {}) => console.log(`${word} ${JSON.stringify(detail)}`);
const log = (level) => (data, message) =>
  say('log', { level, message, reason: data.reason, queues: data.queues });
const logger = { debug() {}, info: log('info'), warn: log('warn'), error: log('error') };

/** Holds the event loop, as a computation does. */
function compute(milliseconds) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

const endpoint = {
  echo: (_ctxt, { value }) => value,
  clock: (_ctxt, _args, { timeLeft }) => ({ now: Date.now(), timeLeft }),
  note: (_ctxt, { value }) => say('noted', { value }),
  async work(_ctxt, { seconds, value }) {
    say('working', { value });
    await sleep(seconds * 1000);
    return value;
  },
  compute(_ctxt, { seconds, value }) {
    say('computing', { value });
    compute(seconds * 1000);
    return value;
  },
  /** As `compute`, when the request is acknowledged and no sign of life is sent yet. */
  async stall(_ctxt, { seconds }) {
    await sleep(50);
    say('stalling');
    compute(seconds * 1000);
  },
};

const transport = getTransport({ url: spec.url, name: spec.name, logger, rabbit: spec.rabbit });
process.once('SIGTERM', async () => {
  await transport.close();
  process.exit(0);
});

if (spec.server !== undefined) {
  const target = new Target({ topic: spec.topic, server: spec.server });
  await getRpcServer(transport, target, [endpoint]).start();
  say('serving');
} else {
  const client = new RPCClient(transport, new Target({ topic: spec.topic }), {
    timeout: spec.call.timeout ?? 60,
  });
  say('calling');
  client.call({}, spec.call.method, spec.call.args).then(
    (result) => say('result', { result }),
    (error) => say('failed', { code: error.code }),
  );
}
