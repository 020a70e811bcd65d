// A daemon with workers, for tests of their life: worker-daemon.mjs <config file> <topic> <workers>.
import { setTimeout as delay } from 'node:timers/promises';
import { LiveConfig } from '@mini-nova/config';
import { Daemon, Manager } from '@mini-nova/service';

const [configFile, topic, workers] = process.argv.slice(2);

class WorkManager extends Manager {
  rpcMethods = ['whoami', 'work', 'hang', 'crash'];

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
  config: LiveConfig.load({ configFiles: [configFile] }),
});
const { host } = daemon.config.DEFAULT;
const service = () => daemon.service({ topic, manager: new WorkManager({ host, serviceName: 'worker' }) });
process.exit(await daemon.serve(service, Number(workers)).wait());
