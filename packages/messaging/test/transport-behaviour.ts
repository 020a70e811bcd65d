import { describe } from 'vitest';
import { describeCallMonitoring } from './behaviour/call-monitoring.ts';
import { describeCalls } from './behaviour/calls.ts';
import { describeErrors } from './behaviour/errors.ts';
import { describeLifeCycle } from './behaviour/life-cycle.ts';
import { describeRouting } from './behaviour/routing.ts';
import { describeVersions } from './behaviour/versions.ts';

/** The URL of the transport under test; asked for once per test. */
export type UrlFactory = () => string | Promise<string>;

/** Registers the tests that every transport must pass. */
export function describeTransport(name: string, url: UrlFactory): void {
  describe(`RPC over ${name}`, () => {
    describeCalls(url);
    describeRouting(url);
    describeVersions(url);
    describeErrors(url);
    describeCallMonitoring(url);
    describeLifeCycle(url);
  });
}
