import { z } from 'zod';
import { openEmbeddedFirestore } from '../../../local/store/embedded-firestore.ts';
import type { EmbeddedFirestore } from '../../../local/store/embedded-store.ts';
import { createDocumentMemory } from './documents.ts';

describe('createDocumentMemory', () => {
  let store: EmbeddedFirestore;

  beforeEach(async () => {
    store = await openEmbeddedFirestore({
      folder: null,
      projectId: 'demo-test',
      emulatorHost: null,
    });
  });
  afterEach(() => store.close());

  const Pet = z.object({ name: z.string() });

  it('parses a content once, and a new one again', async () => {
    const parse = createDocumentMemory(Pet);
    const pet = store.firestore.doc('pets/one');
    await pet.set({ name: 'Ada' });
    const first = parse(await pet.get());
    expect(first).toEqual({ name: 'Ada' });
    expect(parse(await pet.get())).toBe(first);
    await pet.set({ name: 'Grace' });
    expect(parse(await pet.get())).toEqual({ name: 'Grace' });
  });

  it('tells documents apart that were written at the same time', async () => {
    const parse = createDocumentMemory(Pet);
    const [one, two] = [store.firestore.doc('pets/one'), store.firestore.doc('pets/two')];
    await store.firestore.batch().set(one, { name: 'Ada' }).set(two, { name: 'Grace' }).commit();
    expect(parse(await one.get())).toEqual({ name: 'Ada' });
    expect(parse(await two.get())).toEqual({ name: 'Grace' });
  });

  it('remembers no document that is gone', async () => {
    const parse = createDocumentMemory(Pet);
    const pet = store.firestore.doc('pets/one');
    await pet.set({ name: 'Ada' });
    parse(await pet.get());
    await pet.delete();
    expect(parse(await pet.get())).toBeNull();
    await pet.set({ name: 'Grace' });
    expect(parse(await pet.get())).toEqual({ name: 'Grace' });
  });
});
