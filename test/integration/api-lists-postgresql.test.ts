import { getPostgresUrl } from '@mini-nova/testing';
import { describeLists } from '../../services/test/list-behaviour.ts';

describeLists('the API on PostgreSQL', async () => ({ database: await getPostgresUrl() }));
