/**
 * Private addresses, which untrusted host names must not resolve to: this machine and its networks.
 */
import { BlockList, isIP } from 'node:net';

/** Separate lists: a shared list would match IPv4 addresses against IPv4-mapped IPv6 ranges. */
const closed = { ipv4: new BlockList(), ipv6: new BlockList() } as const;
// RFC 6890 and its successors in the IANA registries of special-purpose addresses.
const closed4: readonly (readonly [string, number])[] = [
  ...[['0.0.0.0', 8] as const, ['10.0.0.0', 8] as const, ['100.64.0.0', 10] as const],
  ...[['127.0.0.0', 8] as const, ['169.254.0.0', 16] as const, ['172.16.0.0', 12] as const],
  ...[['192.0.0.0', 24] as const, ['192.0.2.0', 24] as const, ['192.88.99.0', 24] as const],
  ...[['192.168.0.0', 16] as const, ['198.18.0.0', 15] as const, ['198.51.100.0', 24] as const],
  ...[['203.0.113.0', 24] as const, ['224.0.0.0', 4] as const, ['240.0.0.0', 4] as const],
];
/** Public IPv6 addresses are global unicast without IPv4 transition and documentation ranges. */
const closed6: readonly (readonly [string, number])[] = [
  ...[['::', 3] as const, ['4000::', 2] as const, ['8000::', 1] as const],
  ...[['2001::', 23] as const, ['2001:db8::', 32] as const, ['2002::', 16] as const],
  ...[['3fff::', 20] as const],
];
for (const [address, prefix] of closed4) closed.ipv4.addSubnet(address, prefix, 'ipv4');
for (const [address, prefix] of closed6) closed.ipv6.addSubnet(address, prefix, 'ipv6');

/** True unless the address is clearly public. */
export function isPrivateAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return true;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return closed[family].check(address, family);
}

/** The IP address of a URL host, without the brackets of IPv6; undefined for a name. */
export function addressOf(hostname: string): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? undefined : bare;
}

/** Whether a host is the loopback, for which Docker uses plain HTTP by default. */
export function isLoopback(hostname: string): boolean {
  const address = addressOf(hostname);
  if (address === undefined) return hostname === 'localhost';
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}
