import type { NotifierDriverFactory } from '../notifier-driver.ts';

/** Sends nothing: how an operator turns notifications off. */
export const noopDriver: NotifierDriverFactory = () => ({ notify: async () => {} });
