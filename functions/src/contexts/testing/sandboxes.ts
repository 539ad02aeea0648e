import type { Credentials, Platform } from '../../core/imports/import-context.ts';
import type { PlatformSandbox, SandboxOptions } from '../../kit/sandbox.ts';
import { createChorusSandbox } from '../chorus/chorus.sandbox.ts';
import { createFathomSandbox } from '../fathom/fathom.sandbox.ts';
import { createFirefliesSandbox } from '../fireflies/fireflies.sandbox.ts';
import { createGongSandbox, gongSandboxCredentials } from '../gong/gong.sandbox.ts';
import { createGrainSandbox } from '../grain/grain.sandbox.ts';
import {
  createZohoMeetingSandbox,
  zohoMeetingSandboxGrant,
} from '../zoho-meeting/zoho-meeting.sandbox.ts';

/** What a sandbox may be asked for beyond `SandboxOptions`; one that cannot ignores it. */
export interface ServedSandboxOptions extends SandboxOptions {
  /** About this many bytes in each recording. */
  readonly mediaBytes?: number;
}

/** The sandbox of every platform that has one; any `CreateSandbox` fits. */
export const sandboxes: Readonly<
  Partial<Record<Platform, (options: ServedSandboxOptions) => PlatformSandbox>>
> = {
  chorus: createChorusSandbox,
  fathom: createFathomSandbox,
  fireflies: createFirefliesSandbox,
  gong: createGongSandbox,
  grain: createGrainSandbox,
  zoho_meeting: createZohoMeetingSandbox,
};

/** What sandboxes accept that want more than one key, in the shape of their contexts' credentials. */
const credentials: Readonly<Partial<Record<Platform, Credentials>>> = {
  gong: gongSandboxCredentials,
  zoho_meeting: zohoMeetingSandboxGrant,
};

/** What the sandbox of a platform accepts when it is not told otherwise. */
export function sandboxCredentials(platform: Platform): Credentials {
  return credentials[platform] ?? { apiKey: 'sandbox-key' };
}

/** What customers get besides tokens when they connect our app, by the platforms that have one. */
const grants: Readonly<Partial<Record<Platform, Credentials>>> = {
  fathom: {},
  gong: { apiBaseUrl: 'https://company-17.api.gong.io' },
  zoho_meeting: { dataCentre: zohoMeetingSandboxGrant.dataCentre },
};

/** A grant of a platform's sandbox without its tokens; null: it knows keys only. */
export function sandboxGrant(platform: Platform): Credentials | null {
  return grants[platform] ?? null;
}
