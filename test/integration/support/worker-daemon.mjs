// A daemon with workers, for tests of their life: worker-daemon.mjs <config file> <topic> <workers>.
import { setTimeout as delay } from 'node:timers/promises';
import { call, defineRpc, endpoint } from '@mini-nova/messaging';
import { Daemon, Manager } from '@mini-nova/service';

const [configFile, topic, workers] = process.argv.slice(2);

const define = (name) => call(name, { since: '1.0', to: 'topic' });
const workRpc = defineRpc(
  { topic },
  { whoami: define('whoami'), work: define('work'), hang: define('hang'), crash: define('crash') },
);

class WorkManager extends Manager {
  endpoints = [endpoint(workRpc, this)];

  async whoami() {
    return process.pid;
  }

  async work(_ctxt, { ms, number }) {
    await delay(ms);
    console.log(`worked ${number} ${process.pid}`);
    return { number, pid: process.pid };
  }

  crash() {
    void Promise.reject(new Error('caught nowhere'));
  }

  hang() {
    console.log(`hanging ${process.pid}`);
    return new Promise(() => {});
  }
}

const daemon = await Daemon.create({
  name: 'worker-daemon',
  config: { configFiles: [configFile] },
});
const { host } = daemon.config.DEFAULT;
const service = () => daemon.service({ topic, manager: new WorkManager({ host, serviceName: 'worker' }) });
process.exit(await daemon.serve(service, Number(workers)).wait());
