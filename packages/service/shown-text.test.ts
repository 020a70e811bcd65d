import { expect, test } from 'vitest';
import { shownText } from './shown-text.ts';

test('a long text is cut after its secrets are masked', () => {
  const text = shownText(`rabbit://nova:${'s3cret'.repeat(500)}@h1/ ${'x'.repeat(5_000)}`);
  expect(text).toHaveLength(1_001);
  expect(text).not.toContain('s3cret');
});
