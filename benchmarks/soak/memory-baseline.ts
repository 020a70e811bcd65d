import type { PeerProcess } from '../shared/peer-process.ts';
import type { Memory } from '../shared/usage.ts';

/** The memory of both ends. */
export type BothEnds = Record<'client' | 'server', Memory>;

export async function memoryOf(client: PeerProcess, server: PeerProcess): Promise<BothEnds> {
  return {
    client: await client.request<Memory>('memory'),
    server: await server.request<Memory>('memory'),
  };
}

/** Number by number the higher. */
export function highest(looks: readonly BothEnds[]): BothEnds {
  const most = (end: 'client' | 'server'): Memory => ({
    held: Math.max(...looks.map((look) => look[end].held)),
    rss: Math.max(...looks.map((look) => look[end].rss)),
  });
  return { client: most('client'), server: most('server') };
}
