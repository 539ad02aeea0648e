import { readConfig, region, schedules, slackToken } from './config.ts';

const names = [
  ...[
    'SLACK_BOT_TOKEN',
    'OAUTH_APPS',
    'SLACK_CHANNEL',
    'TASKS_SERVICE_ACCOUNT',
    'KMS_KEY',
    'MEDIA_BUCKET',
  ],
  ...['SPEECH_LOCATION', 'SPEECH_MODEL', 'NIGHT_TIME_ZONE', 'NIGHTLY_CALLS', 'SPEECH_LANGUAGES'],
  'CALL_PRICES',
];
const before = { ...process.env };

beforeEach(() => {
  for (const name of names) delete process.env[name];
  process.env['FIREBASE_CONFIG'] = JSON.stringify({
    projectId: 'acme-prod',
    storageBucket: 'acme-prod.appspot.com',
  });
  // The command that deploys writes the defaults of every param into the functions' environment.
  Object.assign(process.env, {
    SPEECH_LOCATION: 'us-central1',
    SPEECH_MODEL: 'long',
    NIGHT_TIME_ZONE: 'America/New_York',
    NIGHTLY_CALLS: '5000',
    SPEECH_LANGUAGES: 'en-US',
    CALL_PRICES: '*=500:2',
  });
});

afterAll(() => {
  process.env = before;
});

describe('readConfig', () => {
  it('does with nothing set but what Firebase itself sets', () => {
    expect(readConfig()).toMatchObject({
      projectId: 'acme-prod',
      region: 'us-central1',
      bucketName: 'acme-prod.appspot.com',
      tasksServiceAccount: 'acme-prod@appspot.gserviceaccount.com',
      kmsKey: '',
      speech: { location: 'us-central1', model: 'long' },
      slack: { token: '', channel: '' },
      oauthApps: {},
      settings: {
        nightlyCalls: 5_000,
        night: { timeZone: 'America/New_York', startHour: 20, endHour: 8 },
        languageCodes: ['en-US'],
        prices: { standard: { freeCalls: 500, centsPerCall: 2 }, byPlatform: {} },
        maxAttempts: 5,
      },
    });
  });

  it('takes every setting of an operator', () => {
    Object.assign(process.env, {
      SLACK_BOT_TOKEN: 'xoxb-1',
      OAUTH_APPS: '{"gong": {"clientId": "app-1", "clientSecret": "s3cret"}}',
      SLACK_CHANNEL: 'C1',
      TASKS_SERVICE_ACCOUNT: 'tasks@acme-prod.iam.gserviceaccount.com',
      KMS_KEY: 'projects/p/locations/l/keyRings/r/cryptoKeys/k',
      MEDIA_BUCKET: 'acme-media',
      SPEECH_LOCATION: 'europe-west4',
      SPEECH_MODEL: 'chirp_2',
      NIGHT_TIME_ZONE: 'Europe/Berlin',
      NIGHTLY_CALLS: '250',
      SPEECH_LANGUAGES: 'de-DE,en-GB',
      CALL_PRICES: '*=100:1, gong=0:2.5',
    });
    expect(readConfig()).toMatchObject({
      bucketName: 'acme-media',
      tasksServiceAccount: 'tasks@acme-prod.iam.gserviceaccount.com',
      kmsKey: 'projects/p/locations/l/keyRings/r/cryptoKeys/k',
      speech: { location: 'europe-west4', model: 'chirp_2' },
      slack: { token: 'xoxb-1', channel: 'C1' },
      oauthApps: { gong: { clientId: 'app-1', clientSecret: 's3cret' } },
      settings: {
        nightlyCalls: 250,
        night: { timeZone: 'Europe/Berlin' },
        languageCodes: ['de-DE', 'en-GB'],
        prices: {
          standard: { freeCalls: 100, centsPerCall: 1 },
          byPlatform: { gong: { freeCalls: 0, centsPerCall: 2.5 } },
        },
      },
    });
  });
});

describe('OAuth apps that were not written as they must be', () => {
  it.each([
    ['s3cret', '✖ Invalid input: expected record, received null'],
    [
      '{"gong": {"clientId": "app-1", "clientSecret": 7}}',
      '✖ Invalid input: expected string, received number\n  → at gong.clientSecret',
    ],
    ['{"gnog": {"clientId": "app-1", "clientSecret": "s3cret"}}', '✖ Unrecognized key: "gnog"'],
  ])('are refused by the name of the setting and the field: %s', (text, field) => {
    process.env['OAUTH_APPS'] = text;
    expect(() => readConfig()).toThrow(`OAUTH_APPS: ${field}`);
  });
});

describe('what must be known when functions are deployed', () => {
  it('is there without a value of any param', () => {
    expect(region).toBe('us-central1');
    expect(slackToken.name).toBe('SLACK_BOT_TOKEN');
    expect(schedules.timeZone.toString()).toBe('params.NIGHT_TIME_ZONE');
  });
});
