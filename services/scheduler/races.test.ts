import { join } from 'node:path';
import { tempDir } from '@mini-nova/testing';
import { describeRaces } from '../test/race-behaviour.ts';

describeRaces('SQLite', async () => `sqlite:///${join(tempDir(), 'nova.sqlite')}`);
