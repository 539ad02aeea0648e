import {
  defineInt,
  defineSecret,
  defineString,
  projectID,
  storageBucket,
} from 'firebase-functions/params';
import { z } from 'zod';
import { platforms, type Platform } from './core/imports/import-context.ts';
import { parsePrices } from './core/imports/pricing.ts';
import { defaultSettings, type EngineSettings } from './core/settings.ts';

/*
 * The only reader of params, secrets and the environment. A param's value is known when a function
 * runs, not when it is deployed: `readConfig` is called late.
 */

export const region = 'us-central1';

/** The bot token of Slack; empty: no notifications. */
export const slackToken = defineSecret('SLACK_BOT_TOKEN');

/**
 * Our OAuth apps at the platforms, as JSON: `{"fathom": {"clientId": "…", "clientSecret": "…"}}`. Empty:
 * none, and access tokens are not renewed.
 */
export const oauthApps = defineSecret('OAUTH_APPS');

const OAuthApps = z.partialRecord(
  z.enum(platforms),
  z.strictObject({ clientId: z.string().min(1), clientSecret: z.string().min(1) }),
);

const slackChannel = defineString('SLACK_CHANNEL', {
  default: '',
  description: 'Slack channel id for import notifications; empty for none',
});
const tasksServiceAccount = defineString('TASKS_SERVICE_ACCOUNT', {
  default: '',
  description: 'Service account by which Cloud Tasks calls the task functions; empty: the default',
});
const kmsKey = defineString('KMS_KEY', {
  default: '',
  description: 'Cloud KMS key for credentials: projects/…/locations/…/keyRings/…/cryptoKeys/…',
});
const bucketName = defineString('MEDIA_BUCKET', {
  default: '',
  description: 'Bucket for recordings and transcripts; empty: the default bucket of the project',
});
const speechLocation = defineString('SPEECH_LOCATION', { default: 'us-central1' });
const speechModel = defineString('SPEECH_MODEL', { default: 'long' });
const nightTimeZone = defineString('NIGHT_TIME_ZONE', { default: 'America/New_York' });
const nightlyCalls = defineInt('NIGHTLY_CALLS', { default: defaultSettings.nightlyCalls });
const languageCodes = defineString('SPEECH_LANGUAGES', {
  default: 'en-US',
  description: 'BCP 47 tags, separated by commas, tried when a recording has to be transcribed',
});

const usualPrices = '*=500:2';
const callPrices = defineString('CALL_PRICES', {
  default: usualPrices,
  description:
    'Free calls of an import and cents for each further one, by platform: *=500:2,gong=0:3',
});

export interface Config {
  readonly projectId: string;
  readonly region: string;
  readonly bucketName: string;
  readonly tasksServiceAccount: string;
  readonly kmsKey: string;
  readonly speech: { readonly location: string; readonly model: string };
  readonly slack: { readonly token: string; readonly channel: string };
  readonly oauthApps: Readonly<
    Partial<Record<Platform, { clientId: string; clientSecret: string }>>
  >;
  readonly settings: EngineSettings;
}

/** The settings of this deployment. Only at run time: at deployment params have no values yet. */
export function readConfig(): Config {
  const project = projectID.value();
  return {
    projectId: project,
    region,
    bucketName: bucketName.value() || storageBucket.value(),
    tasksServiceAccount: tasksServiceAccount.value() || `${project}@appspot.gserviceaccount.com`,
    kmsKey: kmsKey.value(),
    speech: { location: speechLocation.value(), model: speechModel.value() },
    slack: { token: readSecret('SLACK_BOT_TOKEN'), channel: slackChannel.value() },
    oauthApps: readOAuthApps(),
    settings: {
      ...defaultSettings,
      nightlyCalls: nightlyCalls.value(),
      // A setting that was left empty is not worth every function's life.
      prices: parsePrices(callPrices.value() || usualPrices),
      night: {
        ...defaultSettings.night,
        timeZone: nightTimeZone.value() || defaultSettings.night.timeZone,
      },
      languageCodes: languageCodes
        .value()
        .split(',')
        .map((code) => code.trim()),
    },
  };
}

/** A function that was not given the secret does without: the variable is then not set. */
function readSecret(name: string): string {
  return process.env[name] ?? '';
}

/** @throws Error that names the setting and the field, never a value */
function readOAuthApps(): Config['oauthApps'] {
  const text = readSecret('OAUTH_APPS').trim();
  if (text === '') return {};
  const parsed = OAuthApps.safeParse(toJson(text));
  if (parsed.success) return parsed.data;
  throw new Error(`OAUTH_APPS: ${z.prettifyError(parsed.error)}`);
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the secret.
    return null;
  }
}

/** Options of the schedules, which must be known at deployment. */
export const schedules = {
  timeZone: nightTimeZone,
};
