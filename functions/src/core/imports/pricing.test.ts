import { parsePrices, priceCalls, toPrice } from './pricing.ts';

describe('priceCalls', () => {
  it.each<[number, number, number | null, object]>([
    [500, 2, 42_310, { freeCalls: 500, billableCalls: 41_810, totalCents: 83_620 }],
    [500, 2, 501, { freeCalls: 500, billableCalls: 1, totalCents: 2 }],
    [500, 2, 500, { freeCalls: 500, billableCalls: 0, totalCents: 0 }],
    [500, 2, 25, { freeCalls: 25, billableCalls: 0, totalCents: 0 }],
    [500, 2, 0, { freeCalls: 0, billableCalls: 0, totalCents: 0 }],
    [0, 0, 7, { freeCalls: 0, billableCalls: 7, totalCents: 0 }],
    [0, 2.5, 3, { freeCalls: 0, billableCalls: 3, totalCents: 8 }],
    [0, 0.1, 30, { freeCalls: 0, billableCalls: 30, totalCents: 3 }],
    [500, 2, null, { freeCalls: 500, billableCalls: null, totalCents: null }],
  ])('with %s free and %s cents each, of %s calls', (freeCalls, centsPerCall, calls, expected) => {
    expect(priceCalls({ freeCalls, centsPerCall }, calls)).toEqual({ ...expected, centsPerCall });
  });
});

describe('parsePrices', () => {
  it('reads a price for all platforms, and for some of their own', () => {
    const prices = parsePrices('*=500:2, gong=0:3,manual=1000:0.5');
    expect(prices).toEqual({
      standard: { freeCalls: 500, centsPerCall: 2 },
      byPlatform: {
        gong: { freeCalls: 0, centsPerCall: 3 },
        manual: { freeCalls: 1000, centsPerCall: 0.5 },
      },
    });
    expect(toPrice(prices, 'gong')).toEqual({ freeCalls: 0, centsPerCall: 3 });
    expect(toPrice(prices, 'grain')).toEqual({ freeCalls: 500, centsPerCall: 2 });
  });

  it.each([
    ['', '"" is not a price: write gong=500:2.'],
    ['*=500', '"*=500" is not a price: write gong=500:2.'],
    ['*=500:-2', '"*=500:-2" is not a price: write gong=500:2.'],
    ['*=500:2,gongg=1:1', '"gongg=1:1" is not a price: write gong=500:2.'],
    ['gong=500:2', '"gong=500:2" has no price for all other platforms: add *=500:2.'],
  ])('refuses "%s"', (text, message) => {
    expect(() => parsePrices(text)).toThrow(message);
  });
});
