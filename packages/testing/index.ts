export { Child, type ChildOptions } from './child.ts';
export { type CommandResult, run, runCommand, runOk } from './command.ts';
export { Daemon, type StopResult, startDaemon } from './daemon.ts';
export { canInstall, installPackages } from './debian.ts';
export { ChildProcessError, TestServerUnavailable } from './errors.ts';
export { freePort } from './free-port.ts';
export {
  dropTestDatabases,
  getPostgresUrl,
  PrivatePostgres,
  sharePostgres,
  startPostgres,
} from './postgres.ts';
export type { ProgramOptions } from './program-path.ts';
export {
  findProgram,
  installMissingPrograms,
  pythonWithOpenstackClients,
  pythonWithOsloMessaging,
} from './programs.ts';
export { getRabbit, PrivateRabbit, type RabbitHandle, shareRabbit, startRabbit } from './rabbit.ts';
export { type RabbitCluster, startRabbitCluster } from './rabbit-cluster.ts';
export {
  type ConnectionInfo,
  type ConsumerInfo,
  listConnections,
  listConsumers,
  listQueues,
  type QueueInfo,
  type RabbitCtl,
  rabbitmqctl,
} from './rabbit-ctl.ts';
export { endWithThisProcess, forget } from './reaper.ts';
export { repositoryRoot } from './repository.ts';
export { TcpProxy } from './tcp-proxy.ts';
export { tempDir } from './temp-dir.ts';
export { uniqueTopic } from './unique-name.ts';
export { waitFor } from './wait-for.ts';
export { wrongClock } from './wrong-clock.ts';
