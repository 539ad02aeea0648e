import type { OpenAPIHono } from '@hono/zod-openapi';
import type { App, PlatformDirectory } from '../../app.ts';
import type { Caller } from '../../core/access.ts';
import type { Engine } from '../../core/engine.ts';

/** What the admin API's routes find in their context. */
export interface AdminEnv {
  Variables: {
    requestId: string;
    caller: Caller;
  };
}

/** What the admin API works with. */
export interface AdminServices {
  readonly app: Pick<App, 'logs' | 'clock' | 'createId' | 'verifyCaller'>;
  readonly engine: () => Promise<Engine>;
  readonly platforms: () => Promise<PlatformDirectory>;
}

/** The admin API's router. */
export type AdminApp = OpenAPIHono<AdminEnv>;
