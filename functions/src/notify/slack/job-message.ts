import type { JobStatus } from '../../core/imports/import-job.ts';
import type { ChatMessage } from '../../core/ports.ts';
import { toSlackDate, toSlackLink, toSlackText } from './slack-text.ts';

/** What the message about an import job shows. Unknown is null. */
export interface JobMessageView {
  readonly jobId: string;
  readonly customerId: string;
  readonly platformName: string;
  readonly status: JobStatus;
  readonly totalCalls: number | null;
  readonly processedCalls: number;
  readonly importedCalls: number;
  readonly failedCalls: number;
  readonly skippedCalls: number;
  readonly duplicateCalls: number;
  /** Null while the job waits. */
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly callsPerSecond: number | null;
  readonly remainingSeconds: number | null;
  /** Until when the platform's limit holds the job up. */
  readonly limitedUntil: Date | null;
  /** Safe to show: an error's public message. */
  readonly lastError: string | null;
  readonly requestedBy: string;
  /** Where a person sees the job. */
  readonly statusUrl: string | null;
}

interface StatusText {
  readonly emoji: string;
  readonly word: string;
  readonly next: (jobPath: string) => string;
}

const goesOn = () => 'Nothing: it goes on by itself.';

const statusTexts: Readonly<Record<JobStatus, StatusText>> = {
  queued: { emoji: '⏳', word: 'queued', next: () => 'Nothing: it starts by itself.' },
  counting: { emoji: '🔎', word: 'counting calls', next: goesOn },
  in_progress: { emoji: '🔄', word: 'in progress', next: goesOn },
  paused: {
    emoji: '⏸️',
    word: 'paused',
    next: (path) => `Resume it with \`POST ${path}/resume\`, or end it with \`DELETE ${path}\`.`,
  },
  completed: {
    emoji: '✅',
    word: 'completed',
    next: () => 'Nothing: every call is accounted for.',
  },
  partial: {
    emoji: '⚠️',
    word: 'ended with calls missing',
    next: (path) =>
      `See \`GET ${path}/report\` for what is missing and why; try the failed calls again with ` +
      `\`POST ${path}/retry\`.`,
  },
  failed: {
    emoji: '❌',
    word: 'failed',
    next: (path) =>
      `Put right what the error says, then \`POST ${path}/retry\`; with new credentials, start a ` +
      'new import: calls that are here already are not brought over twice.',
  },
  cancelled: {
    emoji: '🚫',
    word: 'cancelled',
    next: () => 'Nothing: imported calls stay, and a new import goes on with the rest.',
  },
};

type Block = Readonly<Record<string, unknown>>;

/**
 * The one message that lives with an import job, as it is now. No value of it can ping anybody or
 * pass Slack's limits, however long or hostile the names and errors in it are.
 * @see https://docs.slack.dev/reference/block-kit/blocks
 */
export function toJobMessage(view: JobMessageView): ChatMessage {
  const counts = toCountsText(view);
  return {
    text: toSummary(view, counts),
    blocks: [
      toHeader(view),
      toSection(toIdentityText(view)),
      ...toSections(toProgressText(view, counts)),
      toCountFields(view),
      ...toSections(toErrorText(view)),
      toSection(toNextText(view)),
      { type: 'context', elements: [toMrkdwn(toTimesText(view))] },
    ],
  };
}

/** The message of its own that says that a job ended, or that it needs somebody. */
export function toJobEndMessage(view: JobMessageView): ChatMessage {
  return {
    text: toSummary(view, toCountsText(view)),
    blocks: [
      toHeader(view),
      toSection(toIdentityText(view)),
      toCountFields(view),
      ...toSections(toErrorText(view)),
      toSection(toNextText(view)),
      { type: 'context', elements: [toMrkdwn(toTimesText(view))] },
    ],
  };
}

function toTitle({ status, platformName }: JobMessageView): string {
  const { emoji, word } = statusTexts[status];
  return `${emoji} ${toSlackText(platformName, 20)} import ${word}`;
}

function toSummary(view: JobMessageView, counts: string | null): string {
  const summary = `${toTitle(view)} for ${toSlackText(view.customerId, 100)}`;
  return counts === null ? summary : `${summary}: ${counts}`;
}

function toHeader(view: JobMessageView): Block {
  return { type: 'header', text: { type: 'plain_text', text: toTitle(view), emoji: true } };
}

/** Verbatim: Slack makes no links of addresses and channel names that stand in a value. */
function toMrkdwn(text: string): Block {
  return { type: 'mrkdwn', text, verbatim: true };
}

function toSection(text: string): Block {
  return { type: 'section', text: toMrkdwn(text) };
}

function toSections(text: string | null): readonly Block[] {
  return text === null ? [] : [toSection(text)];
}

function toNextText({ status, jobId }: JobMessageView): string {
  const jobPath = `/admin/imports/${toSlackText(jobId.replaceAll('`', ''), 100)}`;
  return `*What to do* ${statusTexts[status].next(jobPath)}`;
}

function toIdentityText(view: JobMessageView): string {
  const link = view.statusUrl === null ? null : toSlackLink(view.statusUrl, 'Open the job');
  const customer = toSlackText(view.customerId, 100);
  const parts = [`*Customer* ${customer}`, `*Job* ${toSlackText(view.jobId, 100)}`, link];
  return parts.filter((part) => part !== null).join(' · ');
}

function toCountsText({ totalCalls, processedCalls, status }: JobMessageView): string | null {
  if (totalCalls === 0) return 'no calls in range';
  if (totalCalls !== null) {
    const percent = toPercent(processedCalls, totalCalls);
    return `${toNumber(processedCalls)} of ${toNumber(totalCalls)} calls (${percent} %)`;
  }
  if (status === 'queued' && processedCalls === 0) return null;
  return `${toNumber(processedCalls)} calls, total not known yet`;
}

/** 100 only when nothing is left, never more: a listing may find more calls than were counted. */
function toPercent(processed: number, total: number): number {
  if (processed >= total) return 100;
  return Math.min(99, Math.floor((processed / total) * 100));
}

const barLength = 20;

function toProgressText(view: JobMessageView, counts: string | null): string | null {
  if (counts === null) return null;
  const { totalCalls, processedCalls } = view;
  const lines = [counts];
  if (totalCalls !== null && totalCalls > 0) {
    const full = Math.floor((toPercent(processedCalls, totalCalls) / 100) * barLength);
    lines.unshift(`\`${'█'.repeat(full)}${'░'.repeat(barLength - full)}\``);
  }
  const pace = toPaceText(view);
  return [...lines, ...(pace === null ? [] : [pace])].join('\n');
}

function toPaceText(view: JobMessageView): string | null {
  if (view.status !== 'in_progress') return null;
  const { callsPerSecond, remainingSeconds, limitedUntil } = view;
  const parts = [
    callsPerSecond === null ? null : toRate(callsPerSecond),
    remainingSeconds === null ? null : `about ${toDuration(remainingSeconds)} left`,
    limitedUntil === null ? null : `limited by the platform until ${toSlackDate(limitedUntil)}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' · ');
}

function toCountFields(view: JobMessageView): Block {
  const counts: readonly (readonly [string, number])[] = [
    ['Imported', view.importedCalls],
    ['Failed', view.failedCalls],
    ['Skipped', view.skippedCalls],
    ['Duplicates', view.duplicateCalls],
  ];
  return {
    type: 'section',
    fields: counts.map(([label, count]) => toMrkdwn(`*${label}* ${toNumber(count)}`)),
  };
}

function toErrorText({ lastError }: JobMessageView): string | null {
  return lastError === null ? null : `*Last error*\n> ${toSlackText(lastError, 500)}`;
}

function toTimesText({ requestedBy, startedAt, endedAt }: JobMessageView): string {
  const tookSeconds =
    startedAt === null || endedAt === null
      ? null
      : Math.max(0, (endedAt.getTime() - startedAt.getTime()) / 1000);
  const parts = [
    `Requested by ${toSlackText(requestedBy, 100)}`,
    startedAt === null ? null : `started ${toSlackDate(startedAt)}`,
    endedAt === null ? null : `ended ${toSlackDate(endedAt)}`,
    tookSeconds === null ? null : `took ${toDuration(tookSeconds)}`,
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

/** Made once: making one takes longer than all else that a message needs. */
const numberFormat = new Intl.NumberFormat('en-US');

function toNumber(count: number): string {
  return numberFormat.format(count);
}

function toRate(callsPerSecond: number): string {
  if (callsPerSecond >= 1) return `${callsPerSecond.toFixed(1)} calls/s`;
  return `${Math.round(callsPerSecond * 60)} calls/min`;
}

function toDuration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
