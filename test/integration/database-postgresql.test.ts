import { describeDatabase } from '@mini-nova/data/test/database-behaviour';
import { getPostgresUrl } from '@mini-nova/testing';

describeDatabase('PostgreSQL', { create: getPostgresUrl, shared: true });
