import { Daemon, Manager } from '@mini-nova/service';

class GreeterManager extends Manager {
  rpcMethods = ['greet'];

  async greet(_ctxt, { name }) {
    return `Hello ${name}, this is ${this.host}`;
  }
}

await Daemon.run({ name: 'greeter' }, (daemon) => {
  const manager = () => new GreeterManager({ host: daemon.config.DEFAULT.host, serviceName: 'greeter' });
  const service = () => daemon.service({ topic: 'greeter', manager: manager() });
  return daemon.serve(service, Number(process.argv[2] ?? 1));
});
