/** Meaning of the one-line files of distributions: `CentOS Linux release 7.9.2009 (Core)`. */

export interface ReleaseText {
  /** Like ID of os-release. */
  readonly id: string;
  readonly versionId?: string;
  readonly codename?: string;
}

/** Prefixes in lower case, the longer before the shorter. */
const beginnings: readonly (readonly [beginning: string, id: string])[] = [
  ['almalinux', 'almalinux'],
  ['alpine', 'alpine'],
  ['amazon linux', 'amzn'],
  ['arch linux', 'arch'],
  ['azure linux', 'azurelinux'],
  ['cbl-mariner', 'mariner'],
  ['centos', 'centos'],
  ['common base linux mariner', 'mariner'],
  ['debian', 'debian'],
  ['fedora', 'fedora'],
  ['gentoo', 'gentoo'],
  ['microsoft azure linux', 'azurelinux'],
  ['opensuse', 'opensuse'],
  ['oracle linux', 'ol'],
  ['red hat enterprise linux', 'rhel'],
  ['red hat linux', 'rhl'],
  ['rocky', 'rocky'],
  ['scientific linux', 'scientific'],
  ['slackware', 'slackware'],
  ['suse linux enterprise desktop', 'sled'],
  ['suse linux enterprise server', 'sles'],
  ['virtuozzo', 'virtuozzo'],
  ['vmware photon', 'photon'],
];

/** Never without an id: an unknown name is converted to the form of os-release. */
export function parseReleaseText(text: string): ReleaseText {
  const line = text.trim().slice(0, 1_000);
  const lower = line.toLowerCase();
  const [, known] = beginnings.find(([beginning]) => lower.startsWith(beginning)) ?? [];
  const [word] = /^[a-z0-9._-]+/.exec(lower) ?? [];
  const [versionId] = /(?<![A-Za-z0-9.])\d[0-9.]*/.exec(line) ?? [];
  const [, codename] = /\(([^()]+)\)[^()]*$/.exec(line) ?? [];
  return {
    id: known ?? word ?? 'linux',
    ...(versionId === undefined ? {} : { versionId: versionId.replace(/\.+$/, '') }),
    ...(codename === undefined || /^(?:x86|i\d86|aarch|ppc|s390)/.test(codename)
      ? {}
      : { codename }),
  };
}

/** Vendors and products of `system-release-cpe`. */
const products: ReadonlyMap<string, string> = new Map([
  ['amazon:amazon_linux', 'amzn'],
  ['amazon:linux', 'amzn'],
  ['almalinux:almalinux', 'almalinux'],
  ['centos:centos', 'centos'],
  ['centos:linux', 'centos'],
  ['fedoraproject:fedora', 'fedora'],
  ['oracle:linux', 'ol'],
  ['redhat:enterprise_linux', 'rhel'],
  ['rocky:rocky', 'rocky'],
]);

/** `cpe:/o:redhat:enterprise_linux:7.9:ga:server`, `cpe:2.3:o:amazon:amazon_linux:2`. */
export function parseReleaseCpe(text: string): ReleaseText | undefined {
  const [, vendor, product, version] =
    /^cpe:(?:\/|2\.3:)o:([^:\s]+):([^:\s]+)(?::([^:\s]+))?/.exec(text.trim()) ?? [];
  if (vendor === undefined || product === undefined) return undefined;
  const [versionId] = /^\d[0-9.]*/.exec(version ?? '') ?? [];
  const id = products.get(`${vendor}:${product}`) ?? vendor.toLowerCase();
  return { id, ...(versionId === undefined ? {} : { versionId }) };
}
