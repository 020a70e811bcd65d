import { expect, test } from 'vitest';
import { createLogger, currentContext, RequestContext, runWithContext } from './index.ts';

function capture(options: { debug?: boolean } = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: 'nova-test', destination, ...options });
  return { logger, lines, parsed: () => lines.map((line) => JSON.parse(line)) };
}

test('a line is JSON with time, level, name and pid', () => {
  const { logger, lines, parsed } = capture();
  logger.info({ instance: 'a' }, 'Spawned');
  expect(lines[0]).toMatch(/\n$/);
  expect(parsed()).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'info',
      name: 'nova-test',
      pid: process.pid,
      instance: 'a',
      msg: 'Spawned',
    },
  ]);
});

test('level debug is on when requested', () => {
  const quiet = capture();
  const loud = capture({ debug: true });
  for (const { logger } of [quiet, loud]) logger.debug({}, 'detail');
  expect([quiet.lines.length, loud.lines.length]).toEqual([0, 1]);
});

test('lines of a running request have its id, whatever runs beside it', async () => {
  const { logger, parsed } = capture();
  const start = (request_id: string) => {
    let goOn = () => {};
    const pause = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const ended = runWithContext(new RequestContext({ request_id }), async () => {
      await pause;
      logger.info({ of: request_id }, 'working');
    });
    return { goOn, ended };
  };
  const [first, second] = [start('req-1'), start('req-2')];
  second.goOn();
  await second.ended;
  first.goOn();
  await first.ended;
  logger.info({ of: undefined }, 'outside');
  expect(parsed().map(({ of, request_id }) => [of, request_id])).toEqual([
    ['req-2', 'req-2'],
    ['req-1', 'req-1'],
    [undefined, undefined],
  ]);
  expect(currentContext()).toBeUndefined();
});

test('a line that names another request keeps that one', () => {
  const { logger, parsed } = capture();
  runWithContext(new RequestContext({ request_id: 'req-1' }), () =>
    logger.info({ request_id: 'req-2' }, 'm'),
  );
  expect(parsed()[0].request_id).toBe('req-2');
});

test.each(['err', 'error'])('an error under %s is logged with message and stack', (key) => {
  const { logger, parsed } = capture();
  logger.error({ [key]: new RangeError('too far') }, 'Failed');
  expect(parsed()[0][key]).toMatchObject({
    type: 'RangeError',
    message: 'too far',
    stack: expect.any(String),
  });
});

test('a line for people has time, level, daemon, request, message and the other fields', () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: 'nova-test', destination, pretty: true });
  logger.warn({ request_id: 'req-1', host: 'h' }, 'No valid host');
  expect(lines.join('')).toMatch(
    new RegExp(
      `^\\[\\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\] WARN: nova-test\\[${process.pid}\\] req-1 No valid host \\{"host":"h"\\}\\n$`,
    ),
  );
});

test('an error for people has its stack', () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  createLogger({ name: 'nova-test', destination, pretty: true }).error(
    { err: new Error('broken') },
    'Failed',
  );
  expect(lines.join('')).toContain('Error: broken\n');
  expect(lines.join('')).toContain('logging.test.ts');
});

test('a changed level takes effect at once', () => {
  const { logger, parsed } = capture();
  logger.debug({}, 'before');
  logger.level = 'debug';
  logger.debug({}, 'after');
  expect(parsed().map(({ msg }) => msg)).toEqual(['after']);
});
