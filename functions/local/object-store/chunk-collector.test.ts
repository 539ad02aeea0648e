import { createChunkCollector } from './chunk-collector.ts';

const { gc } = globalThis;
afterEach(() => {
  globalThis.gc = gc;
});

const megabytes = (count: number) => count * 1024 * 1024;

describe('createChunkCollector', () => {
  it('collects the young generation each time that 16 MB have passed', () => {
    const asked: unknown[] = [];
    globalThis.gc = async (options?: unknown) => void asked.push(options);
    const collect = createChunkCollector();

    collect(megabytes(15));
    expect(asked).toEqual([]);
    collect(megabytes(1));
    expect(asked).toEqual([{ type: 'minor' }]);
    collect(megabytes(15));
    expect(asked).toHaveLength(1);
    collect(megabytes(40));
    expect(asked).toHaveLength(2);
  });

  it('does nothing where Node was not told to let itself be asked', () => {
    globalThis.gc = undefined;
    expect(() => createChunkCollector()(megabytes(100))).not.toThrow();
  });
});
