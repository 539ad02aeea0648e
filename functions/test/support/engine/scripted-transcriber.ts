import { ImportError } from '../../../src/core/errors.ts';
import type { Transcriber } from '../../../src/core/ports.ts';

/** A speech service that does what its script says. */
export interface ScriptedTranscriber {
  readonly port: Transcriber;
  /** Operations that were started, and paid for. */
  readonly started: readonly string[];
  /** Looks at operations. */
  readonly checks: readonly string[];
}

export interface TranscriberScript {
  /** How often an operation still runs when it is looked at. */
  readonly runs?: number;
  /** Throws in place of the answer. */
  readonly onStart?: (uri: string) => ImportError | null;
  readonly onCheck?: (operation: string, started: readonly string[]) => ImportError | null;
}

/** Creates a service whose operations take a minute between looks. */
export function createScriptedTranscriber(script: TranscriberScript = {}): ScriptedTranscriber {
  const started: string[] = [];
  const checks: string[] = [];
  return {
    started,
    checks,
    port: {
      start: async ({ uri }) => {
        const error = script.onStart?.(uri);
        if (error) throw error;
        const operation = `operations/${started.length + 1}`;
        started.push(operation);
        return { operation, checkAgainInMs: 60_000 };
      },
      check: async (operation) => {
        checks.push(operation);
        const error = script.onCheck?.(operation, started);
        if (error) throw error;
        const looks = checks.filter((checked) => checked === operation).length;
        if (looks <= (script.runs ?? 0)) return { status: 'running', checkAgainInMs: 60_000 };
        return {
          status: 'done',
          language: 'en-US',
          segments: [
            { speakerId: 'Speaker 1', startMs: 0, endMs: 900, text: 'Hello from speech.' },
            { speakerId: 'Speaker 2', startMs: 900, endMs: 1_500, text: 'Hello.' },
          ],
          original: { operation },
          billedSeconds: 2,
        };
      },
    },
  };
}

/** What the speech service throws. */
export function speechError(kind: 'bad_request' | 'not_found' | 'unavailable'): ImportError {
  return new ImportError({ kind, source: 'speech', publicMessage: `Speech says ${kind}.` });
}
