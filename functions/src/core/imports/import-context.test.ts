import { platformNames, platforms } from './import-context.ts';

describe('platforms', () => {
  it('are these, each with a name of its own', () => {
    expect(platforms.map((platform) => platformNames[platform])).toEqual([
      'Gong',
      'Chorus by ZoomInfo',
      'Zoho Meeting',
      'Grain',
      'Fathom',
      'Fireflies.ai',
      'RingCentral',
      'Zoom Phone',
      'Dialpad',
      'HubSpot',
      'Five9',
      'Manual upload',
    ]);
    expect(Object.keys(platformNames)).toEqual([...platforms]);
  });

  it.each(platforms)('%s is safe in a path and a task name', (platform) => {
    expect(platform).toMatch(/^[a-z0-9_]+$/);
  });
});
