import { toAddress } from './speech-client.ts';

describe('toAddress', () => {
  it.each([
    ['global', 'speech.googleapis.com'],
    ['us', 'us-speech.googleapis.com'],
    ['europe-west4', 'europe-west4-speech.googleapis.com'],
  ])('of Google in %s is %s', (location, apiEndpoint) => {
    expect(toAddress({ location, apiEndpoint: null })).toEqual({ apiEndpoint });
  });

  it.each([
    ['https://speech.internal.test', 'speech.internal.test', 443],
    ['https://speech.internal.test:8443', 'speech.internal.test', 8443],
  ])("of %s is asked with Google's credentials", (url, apiEndpoint, port) => {
    expect(toAddress({ location: 'us', apiEndpoint: { url } })).toEqual({ apiEndpoint, port });
  });

  it.each([
    ['http://127.0.0.1:9099', '127.0.0.1', 9099],
    ['http://speech.sandbox', 'speech.sandbox', 80],
  ])('of %s is asked in plain text, with no credentials', async (url, apiEndpoint, port) => {
    const address = toAddress({ location: 'us', apiEndpoint: { url } });
    expect(address).toMatchObject({ apiEndpoint, port, protocol: 'http' });
    const headers: unknown = await address.auth?.getRequestHeaders();
    expect(headers).toEqual(new Headers());
  });
});
