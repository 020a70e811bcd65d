import { allSettled } from './built-in-drivers.ts';
import {
  createNotifierDriver,
  type NotifierDriver,
  type NotifierDriverFactory,
  type RoutingRules,
  type SentNotification,
} from './notifier-driver.ts';

/** Passes each notification to the drivers whose rules accept it. */
export const routingDriver: NotifierDriverFactory = (context) => {
  const rules = Object.values(context.routing).flatMap((group) => Object.entries(group));
  const drivers = new Map<string, NotifierDriver>();
  const routes = rules
    // It would lead to itself.
    .filter(([name]) => name !== 'routing')
    .map(([name, rule]) => {
      const driver = drivers.get(name) ?? createNotifierDriver(name, context);
      drivers.set(name, driver);
      return { driver, accepts: acceptor(name, rule ?? {}) };
    });
  return {
    notify: async (notification) => {
      const accepting = routes.filter((route) => route.accepts(notification));
      const ways = new Set(accepting.map(({ driver }) => driver));
      await allSettled([...ways].map((driver) => driver.notify(notification)));
    },
  };
};

/** @throws TypeError when a rule is none: a misspelt one would let everything through */
function acceptor(
  name: string,
  { accepted_events, accepted_priorities, ...others }: RoutingRules,
): (notification: SentNotification) => boolean {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new TypeError(
      `routing has ${unknown} for ${name}; the rules are accepted_events and accepted_priorities`,
    );
  }
  const events = accepted_events?.map(globExpression);
  const priorities = accepted_priorities?.map((pattern) => globExpression(pattern.toLowerCase()));
  return ({ message, priority }) =>
    (events?.some((event) => event.test(message.event_type)) ?? true) &&
    (priorities?.some((pattern) => pattern.test(priority)) ?? true);
}

/**
 * A shell pattern as an expression that matches whole texts: `*` stands for any characters, `?` for one, `[abc]` and
 * `[a-z]` for one of them, `[!abc]` for one other. Unlike in paths, `*` matches dots and slashes too.
 * @throws SyntaxError when a set has a range that runs backwards
 */
export function globExpression(pattern: string): RegExp {
  const source = pattern.replace(PART, (part, not: string | undefined, set: string) => {
    if (not !== undefined) return `[${not && '^'}${set.replace(/[\\\][^]/g, '\\$&')}]`;
    if (part === '*') return '.*';
    if (part === '?') return '.';
    return part.replace(/[\\^$.+()[\]{}|/]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}

/** A set, whose first character may be a closing bracket, or any one character. */
const PART = /\[(!?)(\][^\]]*|[^\]]+)\]|./gs;
