// A server in a process of its own, started by tests: node worker.mjs <options as JSON>. It serves `topic` with what
// is built, and tells on its output what runs.
import { getRpcServer, getTransport, silentLogger, Target } from '@mini-nova/messaging';

const { url, topic, server, rabbit, controlExchange, limits, serving, work } = JSON.parse(process.argv[2]);

const endpoint = {
  /** Kills its process while it runs. */
  die(_ctxt, { value }, { attempt }) {
    process.stdout.write(`runs ${value} ${attempt}\n`);
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => {});
  },
  /** Takes `work` ms. */
  async slow(_ctxt, { text }) {
    await new Promise((resolve) => setTimeout(resolve, work));
    process.stdout.write(`took ${text.length}\n`);
  },
};

const transport = getTransport({ url, logger: silentLogger, rabbit, controlExchange, limits });
await getRpcServer(transport, new Target({ topic, server }), [endpoint], serving).start();
process.stdout.write('serving\n');
