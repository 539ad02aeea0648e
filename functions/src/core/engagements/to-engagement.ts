import type { ImportedCall, StoredMedia } from '../imports/imported-call.ts';
import type { CallMetadata, Transcript } from '../imports/source-call.ts';
import type { TranscriptRecord } from '../imports/store-transcript.ts';
import { cleanParticipants } from './clean-participants.ts';
import type { Engagement } from './engagement.ts';
import { matchParticipants, type Directory } from './match-participants.ts';
import { toMetadataQuality } from './metadata-quality.ts';

const previewLength = 120;

/** The engagement that a call becomes, its people matched within the customer's directory. */
export async function toEngagement(
  directory: Directory,
  found: {
    readonly call: ImportedCall;
    readonly metadata: CallMetadata;
    readonly media: StoredMedia | null;
    readonly transcript: TranscriptRecord | null;
    readonly origin: 'platform' | 'speech';
    readonly importedAt: Date;
  },
): Promise<Engagement> {
  const { call, metadata, media, transcript } = found;
  const people = cleanParticipants(metadata.participants);
  const participants = await matchParticipants(directory, call.customerId, people);
  const { title, startedAt, durationSeconds, direction, summary, sourceUrl } = metadata;
  return {
    id: call.callKey,
    customerId: call.customerId,
    title,
    startedAt,
    durationSeconds,
    direction,
    summary,
    sourceUrl,
    participants: [...participants],
    companyIds: unique(participants.map((person) => person.companyId)),
    contactIds: unique(participants.map((person) => person.contactId)),
    media,
    transcript: transcript && {
      key: transcript.key,
      sourceKey: transcript.sourceKey,
      origin: found.origin,
      segmentCount: transcript.transcript.segments.length,
      preview: toPreview(transcript.transcript),
    },
    importSource: call.platform,
    importedAt: found.importedAt,
    sourceCallId: call.sourceCallId,
    importBatchId: call.jobId,
    metadataQuality: toMetadataQuality({ title, startedAt, durationSeconds, participants }),
  };
}

/** The first words, cut between two of them where the language sets them apart. */
function toPreview(transcript: Transcript): string {
  let text = '';
  for (const segment of transcript.segments) {
    text = text ? `${text} ${segment.text.trim()}` : segment.text.trim();
    if (text.length > previewLength) break;
  }
  if (text.length <= previewLength) return text;
  // Half a surrogate pair is no character.
  const cut = text.slice(0, previewLength).replace(/[\uD800-\uDBFF]$/, '');
  const space = cut.lastIndexOf(' ');
  return `${space > 0 ? cut.slice(0, space) : cut}…`;
}

function unique(values: readonly (string | null)[]): string[] {
  return [...new Set(values.filter((value) => value !== null))];
}
