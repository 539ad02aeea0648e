import {
  openAdminWorld,
  type AdminWorld,
  type AskOptions,
} from '../../../test/e2e/support/admin-world.ts';
import { drive } from '../../../test/support/engine/drive.ts';

/*
 * What a caller can get wrong. Every answer is a problem that says where and how to correct it, and
 * after none of them anything is stored or queued that was not there before.
 */

const canary = 'canary-key-5f1d';
const good = { customerId: 'acme', platform: 'grain', credentials: { apiKey: 'sandbox-key' } };
const upload = { uploadId: 'a'.repeat(20), fileName: 'call.mp3' };
const unknownId = 'z'.repeat(20);
const unknownCall = 'a'.repeat(52);

let admin: AdminWorld;
let jobId: string;
let before: string;

beforeAll(async () => {
  admin = await openAdminWorld({ calls: 3 });
  const created = await admin.ask('POST /admin/imports', { body: good });
  jobId = String(created.headers.get('location')).replace('/admin/imports/', '');
  await drive(admin.world);
  before = await admin.snapshot();
});

afterAll(async () => {
  await admin.close();
});

interface Expected {
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly remedy?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  readonly headers?: Readonly<Record<string, string>>;
}

async function expectProblem(
  request: string,
  options: AskOptions,
  { headers = {}, ...expected }: Expected,
): Promise<void> {
  const answer = await admin.ask(request.replaceAll(':jobId', jobId), options);
  expect(answer.body).toMatchObject(expected);
  expect(answer.status).toBe(expected.status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.body).toEqual({
    type: `/admin/errors/${expected.code}`,
    title: expect.stringMatching(/./),
    status: expected.status,
    code: expected.code,
    detail: expect.stringMatching(/./),
    remedy: expect.stringMatching(/./),
    retryable: false,
    requestId: answer.headers.get('x-request-id'),
    ...(expected.errors && { errors: expected.errors }),
  });
  for (const [name, value] of Object.entries(headers)) expect(answer.headers.get(name)).toBe(value);
  expect(await admin.snapshot()).toBe(before);
}

const correct = 'Correct what "errors" points at and send the request again.';
const badBody = { status: 400, code: 'bad_request', detail: 'The body is not right.' };

function wrong(pointer: string, detail: string, more: Partial<Expected> = {}): Expected {
  return { ...badBody, remedy: correct, errors: [{ pointer, detail }], ...more };
}

const options = (given: unknown) => ({ ...good, options: given });
const range = (dateRange: unknown) => options({ dateRange });

const bodies: readonly (readonly [string, unknown, Expected])[] = [
  [
    'fields of the wrong type, each of them',
    { customerId: 1, platform: 2, credentials: 'x', options: [] },
    {
      ...badBody,
      errors: [
        { pointer: '/customerId', detail: 'Invalid input: expected string, received number' },
        { pointer: '/platform', detail: 'Invalid input: expected string, received number' },
        { pointer: '/credentials', detail: 'Invalid input: expected record, received string' },
        { pointer: '/options', detail: 'Invalid input: expected object, received array' },
      ],
    },
  ],
  ['no object', [], wrong('', 'Invalid input: expected object, received array')],
  ['null', null, wrong('', 'Invalid input: expected object, received null')],
  ['a text', '"x"', wrong('', 'Invalid input: expected object, received string')],
  [
    'an unknown platform',
    { ...good, platform: 'nope' },
    wrong(
      '/platform',
      'must be one of gong, chorus, zoho_meeting, grain, fathom, fireflies, ringcentral, zoom_phone, dialpad, hubspot, five9, manual',
      { detail: 'There is no platform "nope".' },
    ),
  ],
  [
    'a platform that has no context yet',
    { ...good, platform: 'Five29' },
    wrong('/platform', expect.stringMatching(/^possible are .*grain.*manual/), {
      detail: "Five29 can't be imported from yet.",
    }),
  ],
  [
    'filters that uploads have not, whose list is not stored then',
    {
      ...good,
      platform: 'manual',
      credentials: undefined,
      uploads: [upload],
      options: { filters: { x: 1 } },
    },
    wrong('/options/filters', expect.stringMatching(/./), { detail: expect.stringMatching(/./) }),
  ],
  ['an unknown field', { ...good, key: 1 }, wrong('/key', 'is not a known field')],
  [
    'an unknown field whose name needs escaping in a pointer',
    { ...good, 'a/b~c': 1 },
    wrong('/a~1b~0c', 'is not a known field'),
  ],
  [
    'an unknown field that would reach the prototype',
    '{"customerId":"acme","platform":"grain","credentials":{"apiKey":"k"},"__proto__":{"x":1}}',
    wrong('/__proto__', 'is not a known field'),
  ],
  [
    'an unknown nested field',
    range({ begin: '2026-01-01T00:00:00Z' }),
    wrong('/options/dateRange/begin', 'is not a known field'),
  ],
  [
    'an end before the start',
    range({ start: '2026-01-02T00:00:00Z', end: '2026-01-01T00:00:00Z' }),
    wrong('/options/dateRange', 'start must be before end'),
  ],
  [
    'a day that there is not',
    range({ start: '2026-02-30T00:00:00Z' }),
    wrong('/options/dateRange/start', 'must be an instant like 2026-01-31T00:00:00Z'),
  ],
  [
    'a date without a time',
    range({ end: '2026-02-03' }),
    wrong('/options/dateRange/end', 'must be an instant like 2026-01-31T00:00:00Z'),
  ],
  [
    'a year that no database holds',
    range({ start: '0000-01-01T00:00:00Z' }),
    wrong('/options/dateRange/start', 'must lie between the years 1970 and 9999'),
  ],
  [
    'an instant that its offset moves out of range',
    range({ end: '9999-12-31T23:59:59-14:00' }),
    wrong('/options/dateRange/end', 'must lie between the years 1970 and 9999'),
  ],
  [
    'a schedule that there is not',
    options({ schedule: 'later' }),
    wrong('/options/schedule', 'Invalid option: expected one of "auto"|"now"|"nightly"'),
  ],
  [
    'no credentials',
    { ...good, credentials: undefined },
    wrong('/credentials', 'required: see GET /admin/platforms', {
      detail: 'An import from Grain needs more.',
    }),
  ],
  [
    'a credential of the wrong type',
    { ...good, credentials: { apiKey: 5 } },
    wrong(
      '/credentials',
      'The credentials for Grain are not complete: apiKey: Invalid input: expected string, received number.',
      { detail: expect.stringContaining('apiKey') },
    ),
  ],
  [
    'a credential too many',
    { ...good, credentials: { apiKey: canary, zip: 1 } },
    wrong(
      '/credentials',
      'The credentials for Grain are not complete: (whole): Unrecognized key: "zip".',
      { detail: expect.stringContaining('zip') },
    ),
  ],
  [
    'credentials for uploads',
    { customerId: 'acme', platform: 'manual', uploads: [upload], credentials: { apiKey: canary } },
    wrong('/credentials', 'has no meaning for Manual upload'),
  ],
  [
    'no uploads for uploads',
    { customerId: 'acme', platform: 'manual' },
    wrong('/uploads', 'required: from POST /admin/uploads', {
      detail: 'An import from Manual upload needs more.',
    }),
  ],
  [
    'uploads and metadata for a platform with an API',
    { ...good, uploads: [upload], metadata: [] },
    {
      ...badBody,
      errors: [
        { pointer: '/uploads', detail: 'has no meaning for Grain' },
        { pointer: '/metadata', detail: 'has no meaning for Grain' },
      ],
    },
  ],
  [
    'an upload id that would leave its folder',
    { customerId: 'acme', platform: 'manual', uploads: [{ ...upload, uploadId: '../../../etc' }] },
    wrong('/uploads/0/uploadId', 'must be 20 lower-case letters and digits'),
  ],
  [
    'metadata with columns that nobody knows',
    { customerId: 'acme', platform: 'manual', uploads: [upload], metadata: 'foo,file\n1,call.mp3' },
    wrong('/metadata', expect.stringContaining('Unknown column “foo”'), {
      detail: expect.stringContaining('known are file, title, date, participants'),
    }),
  ],
  [
    'a filter that the platform does not know',
    options({ filters: { color: 'red' } }),
    wrong('/options/filters', expect.stringContaining('Unrecognized key: "color"'), {
      detail: expect.stringContaining('it takes participantScope, titleSearch, team, meetingType'),
    }),
  ],
  [
    'a filter of the wrong type',
    options({ filters: { team: 5 } }),
    wrong('/options/filters', expect.stringContaining('team: Invalid input: expected string'), {
      detail: expect.stringMatching(/^Grain cannot filter like this/),
    }),
  ],
  [
    'malformed JSON',
    '{"customerId":',
    { status: 400, code: 'bad_request', detail: 'The body is empty or not valid JSON.' },
  ],
  ['JSON nested without end', '['.repeat(100_000), { status: 400, code: 'bad_request' }],
  [
    'an empty body',
    '',
    {
      status: 400,
      code: 'bad_request',
      remedy: 'Send a JSON object with "Content-Type: application/json".',
    },
  ],
];

describe('POST /admin/imports refuses', () => {
  it.each(bodies)('%s', async (_, body, expected) => {
    await expectProblem('POST /admin/imports', { body }, expected);
  });

  it.each([
    ['a path', '../../etc/passwd'],
    ['a sub-path', 'acme/calls'],
    ['dots', '..'],
    ['a NUL', 'acme\u0000'],
    ['a line break', 'acme\n'],
    ['another alphabet', 'акме'],
    ['a look-alike', 'ａｃｍｅ'],
    ['5,000 letters', 'a'.repeat(5_000)],
    ['nothing', ''],
  ])('a customerId of %s', async (_, customerId) => {
    const detail = 'must be 1 to 64 letters, digits, "_" or "-"';
    const body = { ...good, customerId };
    await expectProblem('POST /admin/imports', { body }, wrong('/customerId', detail));
  });

  const tooLarge: Expected = {
    status: 413,
    code: 'body_too_large',
    detail: 'A body may have at most 2 MB.',
    remedy: 'Recordings go through POST /admin/uploads; split long metadata over several imports.',
  };

  it('10 MB, by their length', async () => {
    const body = JSON.stringify({ ...good, metadata: 'x'.repeat(10_000_000) });
    const headers = { 'content-length': String(body.length) };
    await expectProblem('POST /admin/imports', { body, headers }, tooLarge);
  });

  it('10 MB that do not say how long they are, without reading them to the end', async () => {
    let sentBytes = 0;
    const chunk = Buffer.alloc(100_000, 'x');
    const body = new ReadableStream({
      pull(controller) {
        sentBytes += chunk.byteLength;
        if (sentBytes > 10_000_000) controller.close();
        else controller.enqueue(chunk);
      },
    });
    await expectProblem('POST /admin/imports', { body }, tooLarge);
    expect(sentBytes).toBeLessThan(3_000_000);
  });

  it.each([
    ['text/plain', 'The body is "text/plain".'],
    ['application/x-www-form-urlencoded', 'The body is "application/x-www-form-urlencoded".'],
    ['application/json-patch+json', 'The body is "application/json-patch+json".'],
    ['', 'The body is "".'],
  ])('a body of type "%s"', async (type, detail) => {
    await expectProblem(
      'POST /admin/imports',
      { body: JSON.stringify(good), headers: { 'content-type': type } },
      {
        status: 415,
        code: 'unsupported_media_type',
        detail,
        remedy: 'Send the body as JSON with "Content-Type: application/json".',
      },
    );
  });
});

describe('a body without a type', () => {
  it.each(['POST /admin/imports', 'POST /admin/imports/:jobId/retry'])(
    'is refused rather than passed over by %s',
    async (request) => {
      const headers = { 'content-length': '20' };
      await expectProblem(
        request,
        { headers },
        { status: 415, code: 'unsupported_media_type', detail: 'The body has no type.' },
      );
    },
  );
});

describe('POST /admin/uploads refuses', () => {
  const files = [{ fileName: 'call.mp3' }];
  it.each([
    [
      'no files',
      { customerId: 'acme', files: [] },
      '/files',
      'Too small: expected array to have >=1 items',
    ],
    [
      'more than 500 files',
      { customerId: 'acme', files: Array.from({ length: 501 }, () => files[0]) },
      '/files',
      'Too big: expected array to have <=500 items',
    ],
    [
      'a type that is no recording',
      {
        customerId: 'acme',
        files: [{ fileName: 'a.exe', contentType: 'application/x-msdownload' }],
      },
      '/files/0/contentType',
      'must be an audio/… or video/… type',
    ],
    [
      'a type that breaks out of its header',
      {
        customerId: 'acme',
        files: [{ fileName: 'a.mp3', contentType: 'audio/mpeg\r\nx-evil: 1' }],
      },
      '/files/0/contentType',
      'must be an audio/… or video/… type',
    ],
    [
      'a size below zero',
      { customerId: 'acme', files: [{ fileName: 'a.mp3', sizeBytes: -1 }] },
      '/files/0/sizeBytes',
      'Too small: expected number to be >0',
    ],
    [
      'a customer that is a path',
      { customerId: '../other', files },
      '/customerId',
      'must be 1 to 64 letters, digits, "_" or "-"',
    ],
  ])('%s', async (_, body, pointer, detail) => {
    await expectProblem('POST /admin/uploads', { body }, wrong(pointer, detail));
  });
});

describe('whoever calls', () => {
  const remedy =
    'Send "Authorization: Bearer <Firebase ID token>" of a user with the role support or admin.';
  const unknown = { status: 401, code: 'unauthenticated', remedy };
  const requests = [
    'GET /admin/platforms',
    'POST /admin/imports',
    'DELETE /admin/imports/:jobId',
    'GET /admin/nothing',
  ];

  it.each(requests)('without a token gets 401 from %s', async (request) => {
    await expectProblem(
      request,
      { token: null },
      {
        ...unknown,
        detail: 'The request carries no token.',
        headers: { 'www-authenticate': 'Bearer realm="admin"' },
      },
    );
  });

  it.each([
    ['garbage', 'garbage'],
    ['a token without a signature', 'eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW4ifQ.'],
    ['8 kB', 'a'.repeat(8_192)],
  ])('with %s gets 401', async (_, token) => {
    const detail = 'The token is not valid or has expired.';
    await expectProblem('GET /admin/platforms', { token }, { ...unknown, detail });
  });

  it('with an expired token gets 401', async () => {
    const detail = 'The token is not valid or has expired.';
    const { expired } = admin.tokens;
    await expectProblem('GET /admin/platforms', { token: expired }, { ...unknown, detail });
  });

  it('with Basic credentials gets 401', async () => {
    const headers = { authorization: 'Basic c3VwcG9ydDpwYXNz' };
    const detail = 'The request carries no token.';
    await expectProblem('GET /admin/platforms', { token: null, headers }, { ...unknown, detail });
  });

  it.each(requests)('with a role that may not gets 403 from %s', async (request) => {
    await expectProblem(
      request,
      { token: admin.tokens.viewer },
      {
        status: 403,
        code: 'forbidden',
        detail: 'The role "viewer" may not call the admin API.',
        remedy: 'Ask an administrator for the role support or admin.',
      },
    );
  });
});

describe('another method', () => {
  it.each([
    ['PUT /admin/imports', 'GET, POST'],
    ['DELETE /admin/imports', 'GET, POST'],
    ['OPTIONS /admin/imports', 'GET, POST'],
    ['PATCH /admin/imports/:jobId', 'GET, DELETE'],
    ['POST /admin/imports/:jobId', 'GET, DELETE'],
    ['GET /admin/imports/:jobId/pause', 'POST'],
    ['DELETE /admin/platforms', 'GET'],
    ['POST /admin/openapi.json', 'GET'],
  ])('%s gets 405 with Allow: %s', async (request, allowed) => {
    const [method = '', path = ''] = request.split(' ');
    await expectProblem(
      request,
      {},
      {
        status: 405,
        code: 'method_not_allowed',
        detail: `${method} is not possible at ${path.replace(':jobId', jobId)}.`,
        remedy: `Use ${allowed}.`,
        headers: { allow: allowed },
      },
    );
  });
});

describe('a path', () => {
  it.each([
    '/admin',
    '/admin/',
    '/',
    '/administrator',
    '/admin/nope',
    '/admin/imports/',
    '/admin/imports/:jobId/calls/x/y',
  ])('that is not there gets 404: %s', async (path) => {
    await expectProblem(
      `GET ${path}`,
      {},
      {
        status: 404,
        code: 'no_such_path',
        remedy: 'GET /admin/openapi.json describes what there is.',
      },
    );
  });

  it.each([
    ['a traversal', '..%2f..%2fsecrets'],
    ['a NUL', '%00'],
    ['half a character', '%E0%A4'],
    ['a lone %', '%'],
    ['unicode', 'é'.repeat(20)],
    ['5,000 letters', 'a'.repeat(5_000)],
    ['upper case', 'A'.repeat(20)],
    ['a document of Firestore itself', '__name__'],
  ])('with a jobId of %s gets 400', async (_, id) => {
    const expected = wrong('jobId', 'must be 20 lower-case letters and digits', {
      detail: 'The path is not right.',
    });
    await expectProblem(`GET /admin/imports/${id}`, {}, expected);
    await expectProblem(`DELETE /admin/imports/${id}`, {}, expected);
    await expectProblem(`POST /admin/imports/${id}/retry`, {}, expected);
  });

  it.each(['..%2f..%2fother', '%00', 'x', 'A'.repeat(52), 'a'.repeat(53), '1'.repeat(52)])(
    'with the callId %s gets 400',
    async (id) => {
      const detail = 'must be a call id: 52 characters of a-z and 2-7';
      const expected = wrong('callId', detail, { detail: 'The path is not right.' });
      await expectProblem(`GET /admin/imports/:jobId/calls/${id}`, {}, expected);
    },
  );
});

describe('an import or call that is not there', () => {
  it.each([
    `GET /admin/imports/${unknownId}`,
    `GET /admin/imports/${unknownId}/calls`,
    `GET /admin/imports/${unknownId}/report`,
    `GET /admin/imports/${unknownId}/calls/${unknownCall}`,
    `POST /admin/imports/${unknownId}/retry`,
    `POST /admin/imports/${unknownId}/pause`,
    `POST /admin/imports/${unknownId}/resume`,
    `DELETE /admin/imports/${unknownId}`,
    `GET /admin/imports/:jobId/calls/${unknownCall}`,
  ])('gets 404 from %s', async (request) => {
    const remedy = 'Check the id. GET /admin/imports?customerId=… lists the imports of a customer.';
    await expectProblem(request, {}, { status: 404, code: 'not_found', remedy });
  });
});

describe('a query', () => {
  const imports = 'GET /admin/imports?customerId=acme';
  const calls = 'GET /admin/imports/:jobId/calls?';
  const notOurs = 'take it from the Link header of the page before';
  const position = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const createdAt = '2026-01-01T00:00:00.000Z';

  it.each([
    [
      'no customer',
      'GET /admin/imports',
      'customerId',
      'Invalid input: expected string, received undefined',
    ],
    [
      'a customer that is a path',
      'GET /admin/imports?customerId=../x',
      'customerId',
      'must be 1 to 64 letters, digits, "_" or "-"',
    ],
    ['a limit of 0', `${imports}&limit=0`, 'limit', 'Too small: expected number to be >=1'],
    ['a limit of 1000', `${imports}&limit=1000`, 'limit', 'Too big: expected number to be <=100'],
    [
      'a limit of 1.5',
      `${imports}&limit=1.5`,
      'limit',
      'Invalid input: expected int, received number',
    ],
    [
      'a text as limit',
      `${imports}&limit=text`,
      'limit',
      'Invalid input: expected number, received NaN',
    ],
    [
      'two limits',
      `${imports}&limit=1&limit=2`,
      'limit',
      'Invalid input: expected number, received NaN',
    ],
    ['an unknown parameter', `${imports}&colour=red`, 'colour', 'is not a known field'],
    ['a parameter named __proto__', `${imports}&__proto__=1`, '__proto__', 'is not a known field'],
    [
      'an unknown status',
      `${imports}&status=done`,
      'status',
      expect.stringContaining('"completed"'),
    ],
    ['an unknown parameter for calls', `${calls}&colour=red`, 'colour', 'is not a known field'],
    [
      'an unknown status of calls',
      `${calls}status=done`,
      'status',
      expect.stringContaining('"duplicate"'),
    ],
    [
      'a cursor of 500 characters',
      `${imports}&cursor=${'a'.repeat(500)}`,
      'cursor',
      'Too big: expected string to have <=400 characters',
    ],
  ])('with %s gets 400', async (_, request, pointer, detail) => {
    await expectProblem(request, {}, wrong(pointer, detail, { detail: 'The query is not right.' }));
  });

  it('with an unknown platform gets 400', async () => {
    await expectProblem(
      `${imports}&platform=nope`,
      {},
      wrong('platform', expect.stringContaining('grain'), {
        detail: 'There is no platform "nope".',
      }),
    );
  });

  it.each([
    ['no base64', imports, '%00%ff'],
    ['no JSON', imports, 'aGVsbG8'],
    ['a position of another list', imports, position({ after: unknownCall })],
    ['a sub-path as id', imports, position({ createdAt, id: 'a/b' })],
    ['a reserved id', imports, position({ createdAt, id: '__name__' })],
    [
      'a year that no database holds',
      imports,
      position({ createdAt: '0000-01-01T00:00:00Z', id: unknownId }),
    ],
    ['a position of jobs', calls, position({ createdAt, id: unknownId })],
    ['a sub-path as call', calls, position({ after: 'a/b' })],
    ['a traversal as call', calls, position({ after: '..' })],
    ['a NUL as call', calls, position({ after: '\u0000' })],
    ['a page below zero', `${calls}status=duplicate`, position({ page: -1, skip: 0 })],
    ['half a page', `${calls}status=duplicate`, position({ page: 0.5, skip: 0 })],
  ])('with a cursor of %s gets 400', async (_, request, cursor) => {
    const expected = wrong('cursor', notOurs, { detail: 'The cursor is not one of ours.' });
    await expectProblem(`${request}&cursor=${cursor}`, {}, expected);
  });
});

describe('what an ended import no longer does', () => {
  it.each([
    ['DELETE /admin/imports/:jobId', 'cancelled'],
    ['POST /admin/imports/:jobId/pause', 'paused'],
    ['POST /admin/imports/:jobId/resume', 'resumed'],
  ])('%s gets 409', async (request, verb) => {
    await expectProblem(
      request,
      {},
      {
        status: 409,
        code: 'conflict',
        detail: `Import ${jobId} is completed and can't be ${verb}.`,
        remedy: 'Look at the present state with GET, then decide.',
      },
    );
  });

  it('a retry with an unknown field gets 400', async () => {
    const body = { apiKey: canary };
    await expectProblem(
      'POST /admin/imports/:jobId/retry',
      { body },
      wrong('/apiKey', 'is not a known field'),
    );
  });

  it('a retry with a credential of the wrong type gets 400', async () => {
    const body = { credentials: { apiKey: [canary] } };
    await expectProblem(
      'POST /admin/imports/:jobId/retry',
      { body },
      wrong('/credentials', expect.stringContaining('apiKey'), {
        detail: expect.stringContaining('expected string, received array'),
      }),
    );
  });
});

describe('all of these answers together', () => {
  it('hold no key that was sent', () => {
    expect(admin.answers.length).toBeGreaterThan(100);
    const text = admin.answers.join('\n');
    expect(text).not.toContain(canary);
    expect(text).not.toContain('sandbox-key');
  });

  it('are never cached', () => {
    const uncached = admin.answers.filter(
      (answer) => !answer.includes('["cache-control","no-store"]'),
    );
    expect(uncached).toEqual([]);
  });
});
