import { openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ArgsOf, endpoint, type ResultOf } from '@mini-nova/messaging';
import { Daemon, Manager, type ManagerOptions } from '@mini-nova/service';
import { TOPIC, workRpc } from './work.ts';

/** The main script of the daemon that is restarted: daemon.js <config file> <workers> <file of executions>. */
const [configFile = '', workers = '1', executionsFile = ''] = process.argv.slice(2);

class WorkManager extends Manager {
  override readonly endpoints = [endpoint(workRpc, this)];
  /** All workers append to it, so a call that two of them ran is in it twice. */
  readonly #executions: number;

  constructor(options: ManagerOptions, executions: string) {
    super(options);
    this.#executions = openSync(executions, 'a');
  }

  async work(
    _ctxt: unknown,
    { n, ms }: ArgsOf<typeof workRpc, 'work'>,
  ): Promise<ResultOf<typeof workRpc, 'work'>> {
    writeSync(this.#executions, `${n}\n`);
    await sleep(ms);
    return { n, pid: process.pid };
  }
}

const daemon = await Daemon.create({
  name: 'rolling-restart',
  config: { configFiles: [configFile] },
});
const { host } = daemon.config.DEFAULT;
const launcher = daemon.serve(
  () =>
    daemon.service({ topic: TOPIC, manager: new WorkManager({ host, serviceName: 'work' }, executionsFile) }),
  Number(workers),
);
process.exit(await launcher.wait());
