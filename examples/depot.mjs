import { composeSchema, integer, string } from '@mini-nova/config';
import { endpoint } from '@mini-nova/messaging';
import { Daemon, daemonSchema, Manager } from '@mini-nova/service';
import { depotRpc } from './depot-rpc.mjs';

const depotOptions = {
  depot: {
    shelves: integer({ default: 10, min: 1, help: 'How many there are.' }),
    sign: string({ default: 'The depot on $host', mutable: true, help: 'What is written on its door.' }),
  },
};

const config = { schema: composeSchema(daemonSchema, depotOptions), configFiles: process.argv.slice(2) };
await Daemon.run({ name: 'depot', config }, (daemon) => {
  // Typed by the schema: `depot.shelves` is a number, and `depot.shelfs` does not compile.
  const { DEFAULT, depot } = daemon.config;

  class DepotManager extends Manager {
    endpoints = [endpoint(depotRpc, this)];

    async describe() {
      return `${depot.sign} has ${depot.shelves} shelves`;
    }
  }

  const manager = () => new DepotManager({ host: DEFAULT.host, serviceName: 'depot' });
  return daemon.serve(() => daemon.service({ topic: 'depot', manager: manager() }));
});
