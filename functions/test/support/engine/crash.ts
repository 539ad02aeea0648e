import type { Engine } from '../../../src/core/engine.ts';
import { ImportError } from '../../../src/core/errors.ts';
import { interceptPorts, type PortCall } from './port-proxy.ts';

/** Where a delivery meets its end. */
export interface Crash {
  readonly name: string;
  readonly occurrence: number;
  /** `after`: the port did its work, and nobody learns of it. */
  readonly side: 'before' | 'after';
  /** `throws`: the port rejects and the code goes on; `dies`: nothing of this delivery happens any more. */
  readonly way: 'throws' | 'dies';
}

/** An engine for one delivery, and when that delivery's process has died. */
export interface MortalEngine {
  readonly engine: Engine;
  readonly died: Promise<'died'>;
}

/** Lets one delivery run until `crash`, telling `onCall` of every port call on the way. */
export function createMortalEngine(
  whole: Engine,
  plan: {
    readonly crash: Crash | null;
    readonly onCall?: (call: PortCall) => void;
    readonly onCrash?: () => void;
  },
): MortalEngine {
  const { crash } = plan;
  let isDead = false;
  let tellDeath: (word: 'died') => void = () => undefined;
  const died = new Promise<'died'>((resolve) => {
    tellDeath = resolve;
  });
  const meet = (): Promise<never> => {
    plan.onCrash?.();
    if (crash?.way === 'throws') return Promise.reject(brokenPort());
    isDead = true;
    tellDeath('died');
    return never();
  };
  const engine = interceptPorts(whole, async (call, run) => {
    if (isDead) return never();
    plan.onCall?.(call);
    const isHere = crash?.name === call.name && crash.occurrence === call.occurrence;
    if (isHere && crash.side === 'before') return meet();
    const result = await run();
    if (isHere) return meet();
    return isDead ? never() : result;
  });
  return { engine, died };
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

function brokenPort(): ImportError {
  return new ImportError({
    kind: 'unavailable',
    source: 'test',
    publicMessage: 'The connection was reset.',
  });
}
