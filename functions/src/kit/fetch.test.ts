import { createDeadline, discardBody, readText, sleep } from './fetch.ts';

describe('sleep', () => {
  it('ends with the signal, whether it aborts before or meanwhile', async () => {
    const controller = new AbortController();
    const sleeping = sleep(60_000, controller.signal);
    controller.abort();
    await expect(sleeping).rejects.toMatchObject({ name: 'AbortError' });
    await expect(sleep(1, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('rejects with an error even when the reason is none', async () => {
    const signal = AbortSignal.abort('because');
    await expect(sleep(1, signal)).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('createDeadline', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('aborts when its time runs out', () => {
    const { signal } = createDeadline(100, undefined);
    jest.advanceTimersByTime(99);
    expect(signal.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('aborts with its parent', () => {
    const parent = new AbortController();
    const { signal } = createDeadline(100, parent.signal);
    parent.abort();
    expect(signal.reason).toMatchObject({ name: 'AbortError' });
    expect(createDeadline(100, parent.signal).signal.aborted).toBe(true);
  });

  it('starts again, stops and lets go', () => {
    const parent = new AbortController();
    const deadline = createDeadline(100, parent.signal);
    jest.advanceTimersByTime(90);
    deadline.restart(50);
    jest.advanceTimersByTime(40);
    deadline.stop();
    jest.advanceTimersByTime(1000);
    expect(deadline.signal.aborted).toBe(false);
    deadline.dispose();
    parent.abort();
    expect(deadline.signal.aborted).toBe(false);
  });
});

describe('readText', () => {
  const options = { maxBytes: 6, source: 'acme' };

  it('joins characters that chunks have torn apart', async () => {
    const bytes = Buffer.from('aé€');
    async function* body() {
      for (const byte of bytes) yield Buffer.from([byte]);
    }
    await expect(readText(body(), options)).resolves.toBe('aé€');
  });

  it('reads no body as nothing', async () => {
    await expect(readText(null, options)).resolves.toBe('');
  });

  it('stops reading beyond the bound', async () => {
    let read = 0;
    async function* body() {
      for (;;) {
        read += 1;
        yield Buffer.from('1234');
      }
    }
    await expect(readText(body(), options)).rejects.toMatchObject({
      kind: 'contract',
      source: 'acme',
    });
    expect(read).toBe(2);
  });
});

describe('discardBody', () => {
  const headers = new Headers();

  it('drains what is short and survives what breaks', async () => {
    let isDrained = false;
    async function* body() {
      yield Buffer.from('x');
      isDrained = true;
      throw new Error('reset');
    }
    await discardBody({ status: 302, headers, body: body() });
    expect(isDrained).toBe(true);
    await expect(discardBody({ status: 302, headers, body: null })).resolves.toBeUndefined();
  });

  it('drops what is long', async () => {
    let isClosed = false;
    async function* body() {
      try {
        for (;;) yield Buffer.alloc(40_000);
      } finally {
        isClosed = true;
      }
    }
    await discardBody({ status: 302, headers, body: body() });
    expect(isClosed).toBe(true);
  });
});
