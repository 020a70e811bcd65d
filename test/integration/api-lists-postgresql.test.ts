import { describeLists } from '@mini-nova/services-testing/list-behaviour';
import { getPostgresUrl } from '@mini-nova/testing';

describeLists('the API on PostgreSQL', async () => ({ database: await getPostgresUrl() }));
