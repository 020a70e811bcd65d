import { composeCompute } from './compose/compute.ts';
import { serviceTransport } from './compose/transport.ts';
import { runDaemon } from './run-daemon.ts';

await runDaemon({
  name: 'nova-compute',
  description: "Runs instances on this host, through the host's hypervisor. It has no database.",
  without: ['databaseConnection'],
  compose: ({ config, logger }) => {
    const name = `nova-compute.${config.DEFAULT.host}`;
    return composeCompute({ config, logger, transport: serviceTransport({ config, logger, name }) });
  },
});
