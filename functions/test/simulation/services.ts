import { ImportError } from '../../src/core/errors.ts';
import type { ChatMessage, Messenger, Transcriber } from '../../src/core/ports.ts';
import type { Chance } from './chance.ts';
import { refusalOf } from './gated-ports.ts';
import type { Gate } from './gate.ts';

/** Speech-to-text that takes its time, loses an operation now and then, and can't hear everything. */
export function createTimedTranscriber(world: {
  readonly nowMs: () => number;
  readonly gate: Gate;
  readonly chance: Chance;
  readonly loseRate: number;
  readonly deafRate: number;
}): Transcriber {
  const { nowMs, gate, chance } = world;
  const operations = new Map<string, { readonly readyAtMs: number; readonly fate: Fate }>();
  const drawFate = (): Fate => {
    if (chance.isLucky(world.loseRate)) return 'lost';
    return chance.isLucky(world.deafRate) ? 'deaf' : 'heard';
  };
  const start: Transcriber['start'] = async () => {
    const operation = `operations/${String(operations.size + 1)}`;
    const seconds = chance.between(5, 240);
    operations.set(operation, { readyAtMs: nowMs() + seconds * 1_000, fate: drawFate() });
    return { operation, checkAgainInMs: chance.between(5, 60) * 1_000 };
  };
  const check: Transcriber['check'] = async (operation) => {
    const found = operations.get(operation);
    if (!found || found.fate === 'lost') throw speechError('not_found');
    if (found.readyAtMs > nowMs()) return { status: 'running', checkAgainInMs: 30_000 };
    if (found.fate === 'deaf') throw speechError('bad_request');
    return {
      status: 'done',
      language: 'en-US',
      segments: [{ speakerId: 'Speaker 1', startMs: 0, endMs: 900, text: 'Hello.' }],
      original: { operation },
      billedSeconds: 1,
    };
  };
  const refusal = () => refusalOf('speech');
  return {
    start: (request) =>
      gate({ port: 'speech', step: 'speech.start', work: () => start(request), refusal }),
    check: (operation, uri) =>
      gate({ port: 'speech', step: 'speech.check', work: () => check(operation, uri), refusal }),
  };
}

type Fate = 'heard' | 'deaf' | 'lost';

function speechError(kind: 'bad_request' | 'not_found'): ImportError {
  return new ImportError({ kind, source: 'speech', publicMessage: `Speech says ${kind}.` });
}

export interface Channel {
  readonly messenger: Messenger;
  readonly messages: readonly { readonly reference: string; readonly text: string }[];
}

/** A chat channel that keeps what was posted, by reference. */
export function createChannel(gate: Gate): Channel {
  const messages: { reference: string; text: string }[] = [];
  const refusal = () => refusalOf('slack');
  const pass = <T>(step: string, work: () => Promise<T>) =>
    gate({ port: 'slack', step: `slack.${step}`, work, refusal });
  const addressOf = (index: number) => ({ channelId: 'C1', messageId: String(index) });
  return {
    messages,
    messenger: {
      post: ({ text, reference }) =>
        pass('post', async () => addressOf(messages.push({ reference, text }) - 1)),
      edit: ({ messageId }, { text }: ChatMessage) =>
        pass('edit', async () => {
          const message = messages[Number(messageId)];
          if (message) message.text = text;
        }),
      findPosted: (reference) =>
        pass('findPosted', async () => {
          const index = messages.findIndex((message) => message.reference === reference);
          return index < 0 ? null : addressOf(index);
        }),
    },
  };
}
