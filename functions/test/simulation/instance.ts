import type { App } from '../../src/app.ts';
import { currentCaller, type TimerOwner } from './virtual-time.ts';

/** A running container of the functions: it may freeze for a while, or die with all that it does. */
export class Instance implements TimerOwner {
  readonly name: string;
  readonly app: App;
  readonly died: Promise<void>;
  isDead = false;
  frozenUntilMs = 0;
  /** Requests that it works on. */
  active = 0;
  readonly #tellDeath: () => void;

  constructor(name: string, createApp: () => App) {
    this.name = name;
    this.app = createApp();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.died = promise;
    this.#tellDeath = resolve;
  }

  kill(): void {
    this.isDead = true;
    this.#tellDeath();
  }

  freezeUntil(ms: number): void {
    this.frozenUntilMs = Math.max(this.frozenUntilMs, ms);
  }
}

/** The instance that runs the current code; null: the world itself. */
export function findInstance(): Instance | null {
  const owner = currentCaller.getStore()?.owner;
  return owner instanceof Instance ? owner : null;
}

/** The delivery or the person for whom the current code runs. */
export function findActor(): string {
  return currentCaller.getStore()?.actor ?? 'the world';
}

/** Runs what is not the instance's own: services go on when an instance dies. */
export function outside<T>(work: () => T): T {
  return currentCaller.run({ owner: null, actor: findActor() }, work);
}

/** The same of a service that takes no time but what the gate gives it. */
export function outsideOfTime<T>(work: () => T): T {
  return currentCaller.run({ owner: null, actor: findActor(), isInstant: true }, work);
}

/** What a dead process sees of its calls. */
export function never(): Promise<never> {
  return new Promise(() => undefined);
}
