import type { JsonObject, Logger } from '@mini-nova/messaging';
import type { Launchable, StopOptions } from './launchable.ts';

// What both launchers do with what they have launched.

/** Stops in the opposite order. Returns whether all of them stopped cleanly; what did not is logged. */
export async function stopAll(
  launched: readonly Launchable[],
  logger: Logger,
  options: StopOptions = {},
): Promise<boolean> {
  let clean = true;
  for (const launchable of [...launched].reverse()) {
    try {
      await launchable.stop(options);
    } catch (error) {
      logger.error({ err: error, launchable: launchable.name }, 'Could not stop cleanly');
      clean = false;
    }
  }
  return clean;
}

/** Has each take over options that have changed; what cannot is logged. */
export async function resetAll(launched: readonly Launchable[], logger: Logger): Promise<void> {
  for (const launchable of launched) {
    try {
      await launchable.reset?.();
    } catch (error) {
      logger.error({ err: error, launchable: launchable.name }, 'Could not take over changed options');
    }
  }
}

/** What each is doing now, by name. */
export function reportsOf(launched: readonly Launchable[]): JsonObject {
  const reporting = launched.filter(({ report }) => report !== undefined);
  return Object.fromEntries(reporting.map((launchable) => [launchable.name, launchable.report?.()]));
}
