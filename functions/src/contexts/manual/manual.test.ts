import type { DefinedContext } from '../context.ts';
import { testContext } from '../testing/context.testsuite.ts';
import { manualContext } from './manual.context.ts';
import { createManualSandbox, manualSandboxCredentials } from './manual.sandbox.ts';
import type { ManualSandbox } from './manual.sandbox.ts';

/** The suite makes a sandbox, then the context that is to read from it. */
let latest: ManualSandbox | null = null;
const onSandbox: DefinedContext = {
  ...manualContext,
  create: (environment) =>
    manualContext.create({ ...environment, ...(latest !== null && { objects: latest.objects }) }),
};

const entry = (call: { id: string; startedAt: Date }) => ({
  uploadId: call.id,
  fileName: `${call.id}.wav`,
  title: null,
  startedAt: call.startedAt.toISOString(),
  participants: [],
});

testContext(onSandbox, {
  sandbox: (options) => (latest = createManualSandbox(options)),
  credentials: manualSandboxCredentials,
  records: {
    whole: (call) => ({ ...entry(call), title: call.title }),
    sparse: entry,
    broken: ({ id }) => ({ uploadId: id, fileName: ['no', 'name'] }),
  },
  tamper: { emptyPage: () => null, missingField: () => null, missingPath: 'files' },
  faults: {},
  skip: [
    {
      reason: 'uploads lie in our own store: no request is made that could fail or be too fast',
      tests: [
        'faults',
        'transport',
        'limits',
        'media',
        'names a missing scope',
        'never calls an outage invalid',
        'never calls a rate limit invalid',
        'never puts the key in a URL',
        'never puts the key in an error, even when the platform quotes it',
        'goes on after an empty page with a cursor',
        'ignores fields that it does not know',
        'reports a missing required field as a broken contract and names platform and path',
        'reports a repeated cursor as a broken contract',
      ],
    },
    {
      reason: 'a page is 100 files whatever the store says; tested below with pages of that size',
      tests: [
        'hands on at most 200 calls at a time, however many the platform sends',
        'asks for one page at a time and stops when the consumer stops',
        'resumes from every cursor without loss or repetition',
        'stops when it is aborted',
      ],
    },
    {
      reason: 'a file is measured when it is fetched, not when it is listed',
      tests: ['gives durations in seconds'],
    },
    {
      reason: 'ids are made of the content and titles of file names; tested below',
      tests: ['leaves unknown what the platform does not say', 'encodes odd ids in paths'],
    },
    {
      reason: 'every upload is a recording that is whole when it is there',
      tests: [
        'says of a call without a recording that it has none',
        'reports a recording that is still processed as not ready',
      ],
    },
    {
      reason: 'uploads bring no transcript',
      tests: [
        'gives transcripts of the shape that the core asks for, in order, with the original',
        'gives transcript times in milliseconds within the call',
        'joins transcript speakers to participants where the platform knows them',
        'says of a call without a transcript that it has none',
        'says of a fresh call whose transcript is late that it is not ready, then gives it',
      ],
    },
  ],
});
