import { builtFile } from '../shared/paths.ts';
import { PeerProcess } from '../shared/peer-process.ts';

/** One end of a contender in a Node process of its own. */
export function nodePeer(id: string, role: string, node = process.execPath): PeerProcess {
  return new PeerProcess(`${id} ${role}`, node, ['--expose-gc', builtFile(`rpc/${role}.js`), id]);
}
