import { expect, test } from 'vitest';
import { passed } from './verdict.ts';

const fine = { problems: [], seconds: 1 };
const stuck = { problems: [{ kind: 'stuck', what: 'an instance' } as const], seconds: 1 };

test.each([
  ['nothing is wrong after each kill', [{ killed: true, settling: fine }], true],
  [
    'one kill left a problem',
    [
      { killed: true, settling: fine },
      { killed: true, settling: stuck },
    ],
    false,
  ],
  ['no point has the name that was asked for', [], false],
  ['no point was passed again', [{ killed: false, settling: fine }], false],
])('when %s', (_title, results, verdict) => {
  expect(passed(results)).toBe(verdict);
});
