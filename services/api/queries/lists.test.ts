import { describeLists, describeQuestions } from '../../test/list-behaviour.ts';

describeQuestions();
describeLists('the API on SQLite', async () => ({}));
