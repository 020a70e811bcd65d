import { composeCompute } from './compose/compute.ts';
import { serviceParts } from './compose/daemon-parts.ts';
import { runDaemon } from './run-daemon.ts';

await runDaemon({
  name: 'nova-compute',
  description: "Runs instances on this host, through the host's hypervisor. It has no database.",
  without: ['databaseConnection'],
  compose: (daemon) => composeCompute(serviceParts(daemon, `nova-compute.${daemon.config.DEFAULT.host}`)),
});
