import { compileDocumentRoute } from './document-route.ts';

describe('a document route', () => {
  it.each([
    ['importJobs/{jobId}', 'importJobs/a', { jobId: 'a' }],
    ['importJobs/{jobId}', 'importJobs/a/pages/1', null],
    ['importJobs/{jobId}', 'importJobsOld/a', null],
    ['importJobs/{jobId}/pages/{page}', 'importJobs/a/pages/1', { jobId: 'a', page: '1' }],
    ['importJobs/fixed', 'importJobs/fixed', {}],
    ['importJobs/a.c', 'importJobs/abc', null],
    ['{collection}/{rest=**}', 'a/b/c/d', { collection: 'a', rest: 'b/c/d' }],
    ['a/{id=*}', 'a/b', { id: 'b' }],
    ['a/*', 'a/b', {}],
  ])('%s on %s gives %j', (route, path, expected) => {
    expect(compileDocumentRoute(route)(path)).toEqual(expected);
  });
});
