/**
 * The identifiers of an earlier tool for the distributions that it supported, by their pretty
 * names: a vulnerability feed was keyed by them, and old reports contain them.
 */

const names: ReadonlyMap<string, string> = new Map([
  ['Ubuntu 15.10', 'UBUNTU-wily'],
  ['Ubuntu 15.04', 'UBUNTU-vivid'],
  ['Ubuntu 14.10', 'UBUNTU-utopic'],
  ['Ubuntu Utopic Unicorn (development branch)', 'UBUNTU-utopic'],
  ['Ubuntu 13.10', 'UBUNTU-saucy'],
  ['Ubuntu 13.04', 'UBUNTU-raring'],
  ['Ubuntu 12.10', 'UBUNTU-quantal'],
  ['Ubuntu 11.10', 'UBUNTU-oneiric'],
  ['Ubuntu 11.04', 'UBUNTU-natty'],
  ['Ubuntu 10.10', 'UBUNTU-maverick'],
  ['CentOS Linux 7 (Core)', 'REDHAT-7Server'],
  ['Debian GNU/Linux 8 (jessie)', 'DEBIAN-jessie'],
  ['Debian GNU/Linux 7 (wheezy)', 'DEBIAN-wheezy'],
  ['Debian GNU/Linux jessie/sid', 'DEBIAN-jessie'],
  ['Debian jessie/sid', 'DEBIAN-jessie'],
  ['Debian GNU/Linux stretch/sid', 'DEBIAN-stretch-sid'],
  ['Debian stretch/sid', 'DEBIAN-stretch-sid'],
  ['Debian 6.0.10', 'DEBIAN-squeeze'],
]);

/** Any point release. */
const prefixes: readonly (readonly [prefix: string, id: string])[] = [
  ['Ubuntu 16.10', 'UBUNTU-yakkety'],
  ['Ubuntu 16.04', 'UBUNTU-xenial'],
  ['Ubuntu 14.04', 'UBUNTU-trusty'],
  ['Ubuntu 12.04', 'UBUNTU-precise'],
  ['Ubuntu precise', 'UBUNTU-precise'],
  ['Ubuntu 10.04', 'UBUNTU-lucid'],
  ['Ubuntu Vivid', 'UBUNTU-vivid'],
  ['Ubuntu Wily', 'UBUNTU-wily'],
  ['Red Hat Enterprise Linux Server 7', 'REDHAT-7Server'],
  ['Red Hat Enterprise Linux Server release 7', 'REDHAT-7Server'],
];

/** `REDHAT-6Server-6.10` for `CentOS release 6.10 (Final)`; undefined for others. */
export function legacyDistributionId(prettyName: string): string | undefined {
  const exact = names.get(prettyName);
  if (exact !== undefined) return exact;
  const [, byPrefix] = prefixes.find(([prefix]) => prettyName.startsWith(prefix)) ?? [];
  if (byPrefix !== undefined) return byPrefix;
  const [, major] =
    /^(?:CentOS release|Red Hat Enterprise Linux Server(?: release)?) ([56])/.exec(prettyName) ??
    [];
  if (major === undefined) return undefined;
  const [, minor] = /release [56]\.(\d+)/.exec(prettyName) ?? [];
  return minor === undefined ? `REDHAT-${major}Server` : `REDHAT-${major}Server-${major}.${minor}`;
}
