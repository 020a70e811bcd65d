import { ExecutedFiles } from './executed-files.ts';

/** Loaded ahead of a program (`node --import`) that was forked: records what runs there as its parent says. */
const recorded = new ExecutedFiles();
process.on('message', async (order: 'begin' | 'end') => {
  if (order === 'begin') {
    await recorded.begin();
    process.send?.([]);
  } else process.send?.(await recorded.end());
});
process.channel?.unref();
