import { endpoint } from '@mini-nova/messaging';
import { Daemon, Manager } from '@mini-nova/service';
import { greeterRpc } from './greeter-rpc.mjs';

class GreeterManager extends Manager {
  endpoints = [endpoint(greeterRpc, this)];

  async greet(_ctxt, { name }) {
    return `Hello ${name}, this is ${this.host}`;
  }
}

await Daemon.run({ name: 'greeter' }, (daemon) => {
  const manager = () => new GreeterManager({ host: daemon.config.DEFAULT.host, serviceName: 'greeter' });
  const service = () => daemon.service({ topic: 'greeter', manager: manager() });
  return daemon.serve(service, Number(process.argv[2] ?? 1));
});
