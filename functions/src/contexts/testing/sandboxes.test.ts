import { platforms } from '../../core/imports/import-context.ts';
import { definedContexts } from '../registry.ts';
import { sandboxCredentials, sandboxes } from './sandboxes.ts';

const registered = platforms.flatMap((platform) => {
  const create = sandboxes[platform];
  return create === undefined ? [] : [{ platform, create }];
});

describe('the registry of sandboxes', () => {
  it('has some', () => {
    expect(registered.map(({ platform }) => platform)).toContain('grain');
  });

  it.each(registered)('has under $platform an account of that platform', ({ platform, create }) => {
    const now = () => new Date('2026-03-02T09:00:00Z');
    const sandbox = create({ calls: 3, seed: 7, now });
    expect(sandbox.platform).toBe(platform);
    expect(sandbox.truth()).toHaveLength(3);
    expect(sandbox.truth()).toEqual(create({ calls: 3, seed: 7, now }).truth());
  });

  it.each(registered)('knows what $platform accepts', ({ platform }) => {
    const context = definedContexts.find((defined) => defined.platform === platform);
    const credentials = sandboxCredentials(platform);
    expect(context?.credentials.parse(credentials)).toEqual(credentials);
  });
});
