import { platformNames, platforms, toCallsPerSecond } from './import-context.ts';

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

describe('toCallsPerSecond', () => {
  it('takes two requests a call where the platform’s context does not say', () => {
    expect(toCallsPerSecond({ requestsPerSecond: 5, requestsPerDay: null })).toBe(2.5);
  });

  it('takes what a call costs of the limits', () => {
    const limits = { requestsPerSecond: 3, requestsPerDay: 10_000, requestsPerCall: 0.05 };
    expect(toCallsPerSecond(limits)).toBe(60);
  });
});
