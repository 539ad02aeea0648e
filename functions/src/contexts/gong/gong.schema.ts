import { z } from 'zod';
import { plainField, secretField, texts } from '../../kit/fields.ts';
import { keyOrTokens, oauth2Fields } from '../../kit/oauth2.ts';
import { UnparsedRecords } from '../../kit/records.ts';

/** A key pair, which most customers have, or the tokens and the address that Gong gave our app. */
export const GongCredentials = z
  .strictObject({
    accessKey: secretField({
      title: 'Access key',
      description:
        'From Gong, Company settings, Ecosystem, API: a technical administrator makes it.',
    }).optional(),
    accessKeySecret: secretField({
      title: 'Access key secret',
      description: 'Shown once, together with the access key.',
    }).optional(),
    ...oauth2Fields,
    apiBaseUrl: plainField({
      title: 'API base URL',
      description:
        'Shown beside the access key: https://us-12345.api.gong.io, say. Needed with a token.',
    }).optional(),
  })
  .superRefine(
    keyOrTokens({
      name: 'a key pair',
      key: ['accessKey', 'accessKeySecret'],
      besideToken: ['apiBaseUrl'],
    }),
  );
export type GongCredentials = z.output<typeof GongCredentials>;

const id = z.string().regex(/^\d{1,20}$/, 'must be an id of digits');

/** What a listing can be narrowed by. */
export const GongFilters = z.strictObject({
  workspaceId: id.optional().meta({ description: 'The id of a workspace: its calls only.' }),
  primaryUserId: id
    .optional()
    .meta({ description: 'The id of a user: the calls that they hosted.' }),
  includePrivate: z
    .boolean()
    .optional()
    .meta({ description: 'True: calls that are marked private, too. They are skipped otherwise.' }),
});
export type GongFilters = z.output<typeof GongFilters>;

const Party = z.object({
  ...texts('id', 'speakerId', 'userId'),
  ...texts('name', 'emailAddress', 'phoneNumber', 'affiliation'),
  methods: z.array(z.string()).nullish(),
});
export type GongParty = z.output<typeof Party>;

/** A call as far as it is mapped. Ids have up to 20 digits, more than a number can hold. */
export const GongCall = z.object({
  metaData: z.object({
    id: z.string().min(1),
    ...texts('title', 'url', 'direction', 'media', 'language'),
    started: z.iso.datetime({ offset: true }),
    duration: z.number().nonnegative().nullish(),
    isPrivate: z.boolean().nullish(),
  }),
  parties: z.array(Party).nullish(),
  content: z.object(texts('brief')).nullish(),
  media: z.object(texts('audioUrl', 'videoUrl')).nullish(),
});
export type GongCall = z.output<typeof GongCall>;

const Records = z.object({ totalRecords: z.int().nonnegative(), ...texts('cursor') });

export const GongPage = z.object({ records: Records, calls: UnparsedRecords });

export const GongTranscripts = z.object({
  records: Records,
  callTranscripts: z.array(z.looseObject({ callId: z.string() })),
});
export type GongTranscripts = z.output<typeof GongTranscripts>;

/** Loose: what we do not map is kept in the original. Times in milliseconds from the start. */
export const GongTranscript = z.looseObject({
  callId: z.string(),
  transcript: z.array(
    z.looseObject({
      ...texts('speakerId'),
      sentences: z.array(z.looseObject({ start: z.number(), end: z.number(), text: z.string() })),
    }),
  ),
});
export type GongTranscript = z.output<typeof GongTranscript>;
