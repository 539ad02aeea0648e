import type { z } from 'zod';
import { ImportError, toImportError } from '../core/errors.ts';
import type { MediaSource, MediaStream, SourceCall } from '../core/imports/source-call.ts';
import { toFetchedCall } from '../kit/known-call.ts';
import type { Recording } from '../kit/known-call.ts';
import type { ContextDefinition, CreatedContext, Toolkit } from './context.ts';
import { isNotFound } from './known-calls.ts';
import type { Run, Session } from './session.ts';

/** Whose words an error is in. */
type Named = Pick<CreatedContext, 'platform' | 'displayName'>;

type Methods = Pick<CreatedContext, 'fetchCall' | 'openMedia'>;

/**
 * A media source remembers the call it was made for, so that a link that expired between the two
 * calls is fetched again, once.
 */
export function createMediaMethods<
  TCredentials extends z.ZodObject,
  TFilters extends z.ZodObject,
  TClient,
>(
  definition: ContextDefinition<TCredentials, TFilters, TClient>,
  session: Session<TClient, z.output<TCredentials>>,
  run: Run<TClient, z.output<TCredentials>>,
): Methods {
  const callsByMedia = new WeakMap<MediaSource, SourceCall>();
  const findRecording = async (
    client: TClient,
    listed: SourceCall,
    toolkit: Toolkit<z.output<TCredentials>>,
  ): Promise<Recording | 'none'> => {
    if (listed.metadata.mediaKind === 'none') return 'none';
    const known = session.calls.knownRecording(listed);
    if (known !== null) return known;
    const found = await definition.fetchRecording(client, listed, toolkit);
    if (found === 'not_ready') throw session.calls.notReadyYet(listed, 'recording');
    if (found === 'not_found') throw gone(definition);
    if (found === null) session.calls.requireSettled(listed, 'recording');
    if (found === null || found === 'none') return 'none';
    if (session.calls.isExpired(found)) throw expired(definition);
    return found;
  };
  const fetchCall: Methods['fetchCall'] = async (credentials, listed, signal) => {
    const fetched = await run(credentials, signal, async (client, toolkit) => {
      const recording = await findRecording(client, listed, toolkit);
      const details = await definition.fetchDetails?.(client, listed, toolkit);
      return toFetchedCall(listed, recording, details);
    }).catch((error: unknown) => session.calls.rethrow(error, listed, 'recording'));
    if (fetched.media !== null) callsByMedia.set(fetched.media, listed);
    return fetched;
  };
  const openMedia: Methods['openMedia'] = async (credentials, media, signal) => {
    const open = async (source: MediaSource): Promise<MediaStream> => {
      try {
        return await session.openMedia(credentials, source, signal);
      } catch (error) {
        throw toImportError(error, definition.platform);
      }
    };
    const listed = callsByMedia.get(media);
    try {
      return await open(media);
    } catch (error) {
      if (listed === undefined || !isNotFound(error)) throw error;
    }
    try {
      // The hint may be what the dead link came from.
      const unhinted = { ...listed, hint: null };
      const { media: fresh } = await fetchCall(credentials, unhinted, signal);
      if (fresh === null) throw gone(definition);
      return await open(fresh);
    } catch (error) {
      return session.calls.rethrow(error, listed, 'recording');
    }
  };
  return { fetchCall, openMedia };
}

function gone({ platform, displayName }: Named) {
  return new ImportError({
    kind: 'not_found',
    source: platform,
    publicMessage: `${displayName} no longer has this recording, or the credentials may not see it.`,
  });
}

/** Given just now, it should work: the platform says that it renews its links. */
function expired({ platform, displayName }: Named) {
  return new ImportError({
    kind: 'contract',
    source: platform,
    retryable: true,
    publicMessage: `${displayName} gave a link to the recording that had expired.`,
  });
}
