import { ImportError, type ErrorKind } from '../../core/errors.ts';

/** What was being done when the service said no. */
export type SpeechStep = 'start' | 'check';

interface Meaning {
  readonly kind: ErrorKind;
  readonly publicMessage: string;
  readonly retryable?: boolean;
}

const denied: Meaning = {
  kind: 'permission_denied',
  publicMessage:
    "We may not use Speech-to-Text: enable its API, grant the functions' service account " +
    'roles/speech.client, and let it and the Speech service agent read the bucket.',
};
const outage: Meaning = {
  kind: 'unavailable',
  publicMessage: 'Speech-to-Text could not be reached.',
};
const quota: Meaning = {
  kind: 'rate_limited',
  publicMessage: 'The quota of Speech-to-Text is used up for the moment.',
};
/** Files are not read yet when a request is refused: the settings are wrong, for every recording. */
const refused: Meaning = {
  kind: 'internal',
  publicMessage:
    'Speech-to-Text refused the request: check that the model and the languages exist in the ' +
    'configured location.',
  retryable: false,
};
const noAnswer: Meaning = {
  kind: 'timeout',
  publicMessage: 'Speech-to-Text did not answer in time; the transcription may have been started.',
};
const gone: Meaning = {
  kind: 'not_found',
  publicMessage: 'The transcription is no longer there: it has to be started again.',
  retryable: true,
};

const common: Readonly<Record<number, Meaning>> = {
  1: noAnswer,
  2: outage,
  4: noAnswer,
  7: denied,
  8: quota,
  10: outage,
  13: outage,
  14: outage,
  16: denied,
};

/** @see https://grpc.io/docs/guides/status-codes/ */
const meanings: Readonly<Record<SpeechStep, Readonly<Record<number, Meaning>>>> = {
  start: { ...common, 3: refused, 5: refused, 9: refused, 11: refused, 12: refused },
  check: { ...common, 3: gone, 5: gone },
};

/** The gRPC status of what the client threw; null when it failed before it could ask. */
export function toStatusCode(error: unknown): number | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'number' ? code : null;
}

/** Translates what the Speech client threw. */
export function toSpeechError(error: unknown, step: SpeechStep): ImportError {
  if (error instanceof ImportError) return error;
  const code = toStatusCode(error);
  const meaning: Meaning = (code === null ? outage : meanings[step][code]) ?? {
    kind: 'internal',
    publicMessage: 'Speech-to-Text answered with a status that we do not know.',
  };
  return new ImportError({ ...meaning, source: 'speech', cause: error });
}

const permanentCodes: readonly number[] = [3, 5, 9, 11, 12];
const deniedCodes: readonly number[] = [7, 16];

export interface OperationStatus {
  readonly code?: number | null;
  readonly message?: string | null;
}

/**
 * What a failed file or operation means. Such an answer stays the same however often it is asked
 * for, so a passing trouble is `not_found`: there is nothing more to get from this operation.
 */
export function toOutcomeError(status: OperationStatus): ImportError {
  const code = status.code ?? 0;
  if (permanentCodes.includes(code)) {
    return new ImportError({
      kind: 'bad_request',
      source: 'speech',
      publicMessage: `This recording can't be transcribed: ${toReason(status.message)}`,
      cause: status,
    });
  }
  if (deniedCodes.includes(code)) {
    return new ImportError({ ...denied, source: 'speech', cause: status });
  }
  return new ImportError({
    kind: 'not_found',
    source: 'speech',
    publicMessage: `Speech-to-Text gave this transcription up (status ${code}): it has to be started again.`,
    retryable: true,
    cause: status,
  });
}

function toReason(message: string | null | undefined): string {
  const reason = (message ?? '').replace(/gs:\/\/\S+/g, 'the recording').trim();
  return reason === '' ? 'no reason was given.' : Array.from(reason).slice(0, 300).join('');
}
