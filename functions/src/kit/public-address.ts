import ipaddr from 'ipaddr.js';

/**
 * The only IPv6 space that is given out. `range()` calls the rest of it unicast too, IPv4-compatible
 * addresses such as ::127.0.0.1 among it.
 * @see https://www.iana.org/assignments/ipv6-address-space/ipv6-address-space.xhtml
 */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an IP address is on the public internet: not private, loopback, link-local (the cloud's
 * metadata service), carrier-grade, multicast, reserved, or a tunnel to any of these. A text that is
 * no address is not.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // `process` unwraps IPv4-mapped IPv6: ::ffff:169.254.169.254 is a link-local address.
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(globalUnicast);
}

/** Whether the host of a URL is a literal address, which no lookup will ever see. */
export function toLiteralAddress(hostname: string): string | null {
  const text = hostname.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(text) ? text : null;
}
