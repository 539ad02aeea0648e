import type { Engine } from '../engine.ts';

const linkMs = 6 * 3_600_000;

export interface UploadLink {
  readonly uploadId: string;
  readonly fileName: string;
  readonly url: string;
  readonly method: 'PUT';
  readonly headers: Record<string, string>;
  readonly expiresAt: string;
}

/** Where an uploaded file lies until it is imported. The user's file name has no part in it. */
export function toUploadKey(customerId: string, uploadId: string): string {
  return `customers/${customerId}/uploads/${uploadId}`;
}

/** Signed links for a customer's files; nothing is stored before somebody uses one. */
export async function createUploads(
  engine: Pick<Engine, 'objects' | 'createId' | 'settings'>,
  request: {
    readonly customerId: string;
    readonly files: readonly {
      readonly fileName: string;
      readonly contentType?: string | undefined;
    }[];
  },
): Promise<readonly UploadLink[]> {
  const { objects, createId, settings } = engine;
  return Promise.all(
    request.files.map(async ({ fileName, contentType }) => {
      const uploadId = createId();
      const { url, headers, expiresAt } = await objects.signWrite(
        toUploadKey(request.customerId, uploadId),
        {
          contentType: contentType ?? 'application/octet-stream',
          maxBytes: settings.maxMediaBytes,
          expiresInMs: linkMs,
        },
      );
      return {
        uploadId,
        fileName,
        url,
        method: 'PUT',
        headers: { ...headers },
        expiresAt: expiresAt.toISOString(),
      };
    }),
  );
}
