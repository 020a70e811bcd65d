import type { JsonObject, Logger } from '@mini-nova/messaging';
import type { Launchable, StopOptions } from './launchable.ts';

// Steps that both launchers take with what they have launched.

/** Stops them in the opposite order. Returns whether all stopped cleanly; those that did not are logged. */
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

/** Has each take over changed options; those that cannot are logged. */
export async function resetAll(launched: readonly Launchable[], logger: Logger): Promise<void> {
  for (const launchable of launched) {
    try {
      await launchable.reset?.();
    } catch (error) {
      logger.error({ err: error, launchable: launchable.name }, 'Could not take over changed options');
    }
  }
}

/** What each is doing at the moment, by name. */
export function reportsOf(launched: readonly Launchable[]): JsonObject {
  const reporting = launched.filter(({ report }) => report !== undefined);
  return Object.fromEntries(reporting.map((launchable) => [launchable.name, launchable.report?.()]));
}
