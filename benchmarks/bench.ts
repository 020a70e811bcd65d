import { benchBoot } from './boot/main.ts';
import { benchBrokerRestart } from './broker-restart/main.ts';
import { showProfiles } from './profile/main.ts';
import { benchReadingPath } from './reading-path/main.ts';
import { benchRollingRestart } from './rolling-restart/main.ts';
import { benchRpc } from './rpc/main.ts';
import { benchStartup } from './startup/main.ts';

type Bench = (args: readonly string[]) => Promise<number>;

const BENCHES: Readonly<Record<string, Bench>> = {
  rpc: benchRpc,
  boot: benchBoot,
  'broker-restart': benchBrokerRestart,
  startup: benchStartup,
  'rolling-restart': benchRollingRestart,
  'reading-path': benchReadingPath,
  profile: showProfiles,
};

const [name = '', ...args] = process.argv.slice(2);
const bench = BENCHES[name];
if (bench === undefined) {
  console.error(`npm run bench -- (${Object.keys(BENCHES).join(' | ')}) [options]`);
  process.exitCode = 2;
} else process.exitCode = await bench(args);
