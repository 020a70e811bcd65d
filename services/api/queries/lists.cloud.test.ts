import { describeLists, describeQuestions } from '@mini-nova/services-testing/list-behaviour';

describeQuestions();
describeLists('the API on SQLite', async () => ({}));
