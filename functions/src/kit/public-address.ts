import ipaddr from 'ipaddr.js';

/**
 * Whether an IP address is on the public internet: not private, loopback, link-local (the cloud's
 * metadata service), carrier-grade, multicast, reserved, or a tunnel to any of these. A text that is
 * no address is not.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // `process` unwraps IPv4-mapped IPv6: ::ffff:169.254.169.254 is a link-local address.
  return ipaddr.process(address).range() === 'unicast';
}

/** Whether the host of a URL is a literal address, which no lookup will ever see. */
export function toLiteralAddress(hostname: string): string | null {
  const text = hostname.replace(/^\[(.*)\]$/, '$1');
  return ipaddr.isValid(text) ? text : null;
}
