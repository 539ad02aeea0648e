import { isPublicAddress, toLiteralAddress } from './public-address.ts';

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '203.0.114.7', '2606:4700:4700::1111', '::ffff:8.8.8.8'])(
    'lets %s through',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '198.18.0.1',
    '240.0.0.1',
    '::',
    '::1',
    'fe80::1',
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:169.254.169.254',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    '::127.0.0.1',
    '4000::1',
    'fe00::1',
    '',
    'localhost',
    'example.com',
  ])('refuses %p', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('toLiteralAddress', () => {
  it('sees addresses that no lookup will', () => {
    expect(toLiteralAddress('[::1]')).toBe('::1');
    expect(toLiteralAddress('10.0.0.1')).toBe('10.0.0.1');
    expect(toLiteralAddress('example.com')).toBeNull();
  });
});
