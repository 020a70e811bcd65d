import { join } from 'node:path';
import { describeRaces } from '@mini-nova/services-testing/race-behaviour';
import { tempDir } from '@mini-nova/testing';

describeRaces('SQLite', async () => `sqlite:///${join(tempDir(), 'nova.sqlite')}`);
