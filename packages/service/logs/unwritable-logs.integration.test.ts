import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, tempDir } from '@mini-nova/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { DAEMON, events, pids, startProgram } from '../test/fixture-daemon.ts';
import { canMount, fill, smallFileSystem } from '../test/small-file-system.ts';
import { UnreadPipe } from '../test/unread-pipe.ts';

const patiently = { interval: 20 };
const CHATTER = 20_000;
const HELD_TERMINAL = fileURLToPath(new URL('../test/fixtures/held-terminal.py', import.meta.url));

/** The fixture daemon, with its standard error redirected by `redirection`. */
function start(redirection: string, behaviour: string, workers: number): Promise<Child> {
  const command = `exec "${process.execPath}" "${DAEMON}" ${workers} ${behaviour} ${redirection}`;
  return startProgram('sh', ['-c', command]);
}

async function untilStarted(daemon: Child, workers: number): Promise<void> {
  await vi.waitFor(() => expect(pids(daemon, 'started')).toHaveLength(workers), patiently);
  await vi.waitFor(() => expect(events(daemon, 'state-running').length).toBeGreaterThanOrEqual(1), patiently);
}

const processes = [['one process', 1] as const, ['workers', 2] as const];

test.each(processes)(
  '%s: a log on a full device neither ends it nor changes its exit code',
  async (_, workers) => {
    const daemon = await start('2>/dev/full', 'chatty', workers);
    await untilStarted(daemon, workers);
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toBe(0);
    expect(pids(daemon, 'stopped')).toHaveLength(workers);
  },
);

test.each(processes)('%s: a log reader that has gone does not end it', async (_, workers) => {
  const pipe = new UnreadPipe();
  const daemon = await start(`2>"${pipe.path}"`, 'good', workers);
  await untilStarted(daemon, workers);
  pipe.close();
  daemon.signal('SIGHUP');
  await vi.waitFor(() => expect(pids(daemon, 'reset')).toHaveLength(workers), patiently);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
});

test.each(processes)(
  '%s: a log reader that pauses does not stop it, and is told what is missing when it reads on',
  async (_, workers) => {
    const pipe = new UnreadPipe();
    const daemon = await start(`2>"${pipe.path}"`, 'chatty', workers);
    await untilStarted(daemon, workers);
    let text = '';
    await vi.waitFor(() => {
      text += pipe.read();
      expect(text.match(/"dropped":/g)).toHaveLength(workers);
    }, patiently);
    daemon.signal('SIGTERM');
    // The last lines get out because someone reads.
    await vi.waitFor(() => {
      text += pipe.read();
      expect(daemon.running).toBe(false);
    }, patiently);
    text += pipe.read();
    expect(await daemon.ended).toBe(0);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)?.msg ?? '').toMatch(/Stopping/);
    const written = lines.filter(({ msg }) => msg === 'Line').length;
    const dropped = lines.reduce((sum, line) => sum + (line.dropped ?? 0), 0);
    expect(dropped).toBeGreaterThan(0);
    // What is missing besides the chatter are the launcher's own lines.
    expect(written + dropped).toBeGreaterThanOrEqual(CHATTER * workers);
    expect(written + dropped).toBeLessThan(CHATTER * workers + 10);
  },
);

test.each(processes)('%s: a terminal that is held does not stop it', async (_, workers) => {
  const program = [process.execPath, DAEMON, String(workers), 'chatty'];
  const daemon = await startProgram('python3', [HELD_TERMINAL, ...program]);
  await untilStarted(daemon, workers);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(pids(daemon, 'stopped')).toHaveLength(workers);
});

test.each(processes)('%s: a terminal that has gone changes nothing', async (_, workers) => {
  const output = join(tempDir('terminal-'), 'output');
  // In a session other than the terminal's, so no hang-up tells it.
  const command = `exec setsid "${process.execPath}" "${DAEMON}" ${workers} good >"${output}"`;
  const code = `${output}.code`;
  const shell = `(${command}); echo $? >"${code}"`;
  const terminal = await startProgram('script', ['-qfec', `trap '' HUP; ${shell}`, '/dev/null']);
  const printed = () => readFileSync(output, 'utf8');
  const daemon = await vi.waitFor(() => {
    expect(printed().match(/^started /gm)).toHaveLength(workers);
    return Number(/^serving main (\d+)/m.exec(printed())?.[1]);
  }, patiently);
  onTestFinished(() => endGroup(daemon));
  terminal.signal('SIGKILL');
  await terminal.ended;
  process.kill(daemon, 'SIGTERM');
  await vi.waitFor(() => expect(readFileSync(code, 'utf8')).toBe('0\n'), patiently);
  expect(printed().match(/^stopped /gm)).toHaveLength(workers);
});

test.runIf(canMount).each(processes)(
  '%s: on a file system that was full, a line says how many are missing',
  async (_, workers) => {
    const folder = smallFileSystem();
    const log = join(folder, 'log');
    const ballast = join(folder, 'ballast');
    const daemon = await start(`2>>"${log}"`, 'good', workers);
    await untilStarted(daemon, workers);
    fill(ballast, 4096);
    // The log's last page has room too.
    fill(log, 1);
    daemon.signal('SIGHUP');
    await vi.waitFor(() => expect(pids(daemon, 'reset')).toHaveLength(workers), patiently);
    rmSync(ballast);
    await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toMatch(/"dropped":\d+,/), patiently);
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toBe(0);
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(/Stopping/);
  },
);

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
