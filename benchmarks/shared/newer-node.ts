import { runOk } from '@mini-nova/testing';

const NEWER = 'node@24';

/**
 * A Node.js of at least this major version: the running one, or one that npx fetches.
 * @throws Error when it cannot be had
 */
export async function nodeOfAtLeast(major: number): Promise<string> {
  if (Number.parseInt(process.versions.node, 10) >= major) return process.execPath;
  try {
    const printed = await runOk('npx', ['-y', '-p', NEWER, 'node', '-p', 'process.execPath'], {
      timeout: 300,
    });
    return printed.trim();
  } catch (error) {
    throw new Error(`it needs Node.js ${major}, and npx could not fetch ${NEWER}`, { cause: error });
  }
}
