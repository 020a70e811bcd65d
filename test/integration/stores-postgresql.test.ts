import { describeStores } from '@mini-nova/services-testing/store-behaviour';
import { getPostgresUrl } from '@mini-nova/testing';

describeStores('stores on PostgreSQL', { create: getPostgresUrl, shared: true });
