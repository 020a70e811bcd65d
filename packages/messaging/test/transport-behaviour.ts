import { describe } from 'vitest';
import { describeAccess } from './behaviour/access-policies.ts';
import { describeCallMonitoring } from './behaviour/call-monitoring.ts';
import { describeCalls } from './behaviour/calls.ts';
import { describeCancellation } from './behaviour/cancellation.ts';
import { describeCutting } from './behaviour/cutting.ts';
import { describeErrors } from './behaviour/errors.ts';
import { describeHooks } from './behaviour/hooked.ts';
import { describeLifeCycle } from './behaviour/life-cycle.ts';
import { describeLongNames } from './behaviour/long-names.ts';
import { describeMulticalls } from './behaviour/multicalls.ts';
import { describePrepare } from './behaviour/prepare.ts';
import { describeRouting } from './behaviour/routing.ts';
import { describeUndeliverable } from './behaviour/undeliverable.ts';
import { describeVersions } from './behaviour/versions.ts';
import { describeWorkLoad } from './behaviour/work-load.ts';

/** The URL of the transport under test; asked for once per test. */
export type UrlFactory = () => string | Promise<string>;

/** Registers the tests that every transport must pass. */
export function describeTransport(name: string, url: UrlFactory): void {
  describe(`RPC over ${name}`, () => {
    describeCalls(url);
    describePrepare(url);
    describeUndeliverable(url);
    describeCancellation(url);
    describeMulticalls(url);
    describeRouting(url);
    describeVersions(url);
    describeAccess(url);
    describeErrors(url);
    describeWorkLoad(url);
    describeHooks(url);
    describeCallMonitoring(url);
    describeLifeCycle(url);
    describeLongNames(url);
    describeCutting(url);
  });
}
