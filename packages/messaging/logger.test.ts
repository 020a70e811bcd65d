import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { deserializeFailure, serializeFailure } from './failure.ts';
import { logThrown, presentable, reasonText, silentLogger } from './logger.ts';
import { ODD_FAILURES } from './test/odd-failures.ts';

const oddities = Object.entries(ODD_FAILURES);

test.each(oddities)('%s: has a text, a wire form and a log line', (_name, thrown) => {
  expect(reasonText(thrown())).toEqual(expect.any(String));
  const failure = deserializeFailure(serializeFailure(thrown()));
  expect(failure).toMatchObject({ name: 'RemoteError', excType: 'Exception' });
  const lines: object[] = [];
  const looking = { ...silentLogger, error: (data: object) => void (inspect(data) && lines.push(data)) };
  logThrown(looking, thrown(), { method: 'm' }, 'failed');
  expect(lines).toMatchObject([{ method: 'm' }]);
});

test.each(oddities)('%s: is presentable, or is replaced', (_name, thrown) => {
  const error = presentable(thrown());
  expect(() => error instanceof Error && `${error.name} ${error.message} ${error.stack}`).not.toThrow();
});

test('an ordinary error is kept', () => {
  const error = new RangeError('too many');
  expect(presentable(error)).toBe(error);
  expect(reasonText(error)).toBe('RangeError: too many');
});
