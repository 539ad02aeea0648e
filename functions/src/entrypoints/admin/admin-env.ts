import type { OpenAPIHono } from '@hono/zod-openapi';
import type { App, PlatformDirectory } from '../../app.ts';
import type { Caller } from '../../core/access.ts';
import type { Engine } from '../../core/engine.ts';
import type { CreateId } from '../../core/ports.ts';

/** What the admin API's routes find in their context. */
export interface AdminEnv {
  Variables: {
    requestId: string;
    caller: Caller;
    /** Ids that are the same for a repeat of this request under its idempotency key; unset without one. */
    createId?: CreateId;
    /** Set by an operation whose answer must not be stored. */
    hasSecretAnswer?: boolean;
  };
}

/** What the admin API works with. */
export interface AdminServices {
  readonly app: Pick<App, 'logs' | 'clock' | 'createId' | 'verifyCaller' | 'settings'>;
  readonly engine: () => Promise<Engine>;
  readonly platforms: () => Promise<PlatformDirectory>;
}

/** The admin API's router. */
export type AdminApp = OpenAPIHono<AdminEnv>;
