import { z } from 'zod';
import { testContext } from '../testing/context.testsuite.ts';
import { grainContext } from './grain.context.ts';
import { createGrainSandbox } from './grain.sandbox.ts';

const Page = z.looseObject({ recordings: z.array(z.unknown()) });

const minimal = ({ id, startedAt }: { id: string; startedAt: Date }) => ({
  id,
  start_datetime: startedAt.toISOString(),
});

testContext(grainContext, {
  sandbox: createGrainSandbox,
  credentials: { apiKey: 'sandbox-key' },
  records: {
    whole: ({ id, title, startedAt }) => ({
      ...minimal({ id, startedAt }),
      title,
      end_datetime: new Date(startedAt.getTime() + 60_000).toISOString(),
      duration_ms: 60_000,
      media_type: 'video',
      url: 'https://grain.com/share/recording/x',
      participants: [],
      ai_summary: { text: 'They talked.' },
    }),
    sparse: minimal,
    broken: ({ id }) => ({ id, start_datetime: 17, title: ['not', 'a', 'text'] }),
  },
  tamper: {
    emptyPage: (json) => {
      const page = Page.safeParse(json);
      return page.success ? { ...page.data, recordings: [] } : null;
    },
    missingField: (json) => {
      const page = Page.safeParse(json);
      return page.success ? { cursor: null } : null;
    },
    missingPath: 'recordings',
  },
  faults: {
    repeatedCursor: 'repeated-cursor',
    expiredLinks: 'expired-links',
    lateTranscripts: 'late-transcripts',
    noTranscripts: 'no-transcripts',
  },
  skip: [
    {
      reason: 'Grain documents no daily quota',
      tests: ['stops at the daily quota and says when it goes on'],
    },
  ],
});
