import {
  defineInt,
  defineSecret,
  defineString,
  projectID,
  storageBucket,
} from 'firebase-functions/params';
import { defaultSettings, type EngineSettings } from './core/settings.ts';

/*
 * The only reader of params, secrets and the environment. A param's value is known when a function
 * runs, not when it is deployed: `readConfig` is called late.
 */

export const region = 'us-central1';

/** The bot token of Slack; empty: no notifications. */
export const slackToken = defineSecret('SLACK_BOT_TOKEN');

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

export interface Config {
  readonly projectId: string;
  readonly region: string;
  readonly bucketName: string;
  readonly tasksServiceAccount: string;
  readonly kmsKey: string;
  readonly speech: { readonly location: string; readonly model: string };
  readonly slack: { readonly token: string; readonly channel: string };
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
    slack: { token: readSlackToken(), channel: slackChannel.value() },
    settings: {
      ...defaultSettings,
      nightlyCalls: nightlyCalls.value(),
      night: { ...defaultSettings.night, timeZone: nightTimeZone.value() },
      languageCodes: languageCodes
        .value()
        .split(',')
        .map((code) => code.trim()),
    },
  };
}

/** A function that was not given the secret does without: the variable is then not set. */
function readSlackToken(): string {
  return process.env['SLACK_BOT_TOKEN'] ?? '';
}

/** Options of the schedules, which must be known at deployment. */
export const schedules = {
  timeZone: nightTimeZone,
};
