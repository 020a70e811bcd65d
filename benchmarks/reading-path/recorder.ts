import { ExecutedFiles } from './executed-files.ts';

/** Loaded into a forked program (`node --import`): records what runs there, when its parent says so. */
const recorded = new ExecutedFiles();
process.on('message', async (order: 'begin' | 'end') => {
  if (order === 'begin') {
    await recorded.begin();
    process.send?.([]);
  } else process.send?.(await recorded.end());
});
process.channel?.unref();
