/** Whether a value is real, or a placeholder. */

/** Bits of each character by the frequencies in the text itself. */
export function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

/** Random enough, and not a placeholder. */
export function isRandom(text: string, bits: number): boolean {
  return entropyBits(text) >= bits && !isPlaceholder(text);
}

/** A placeholder in documentation and templates. */
export function isPlaceholder(text: string): boolean {
  if (/^[$%{<[(]|[>})]$|\$\{|\{\{|%\(|\.\.\.|\*{3}|x{4}|X{4}/.test(text)) return true;
  return new Set(text).size <= 2 || placeholder.test(text);
}

const placeholder =
  /^(?:[\w-]{0,20}(?:pass(?:word|wd|phrase)?|secret|pwd|token|changeme|change_me|key)\d{0,4}|hunter2|xyzzy|foo|bar|foobar|test|user|admin|root|guest|none|null|undefined)$|example|your[-_ ]|placeholder|dummy|sample|redacted|replace|insert[-_ ]|put your|abcdef|123456|deadbeef|changeme/i;

/** Paths and values that are public by design: findings there are reported as `info`. */
export function downgradeReasonOf(path: string, secret: string): string | undefined {
  if (knownExamples.some((each) => secret.includes(each))) return 'a well-known example value';
  return downgradeRules.find(([pattern]) => pattern.test(path))?.[1];
}

const knownExamples: readonly string[] = [
  // https://docs.aws.amazon.com: the key that all examples use.
  ...['EXAMPLE', 'wJalrXUtnFEMI/K7MDENG'],
  // jwt.io: the default token of the page.
  'eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIi',
  // RFC 6749 and 6750: the client and the tokens of their examples.
  ...['czZCaGRSa3F0Mzpn', '2YotnFZFEjr1zCsicMWpAA', 'tGzv3JOkF0XG5Qx2TlKWIA', 'mF_9.B5f-4.1JqM'],
  // Vagrant's public, insecure key.
  'MIIEogIBAAKCAQEA6NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr',
];

const downgradeRules: readonly (readonly [RegExp, string])[] = [
  [/snakeoil/, 'a key made at installation, for tests'],
  [/(?:^|\/)usr\/(?:local\/)?share\/(?:doc|man|info|gtk-doc)\//, 'documentation'],
  [
    /(?:^|\/)(?:tests?|testing|testdata|test[-_]fixtures|fixtures|__tests__|specs?|mocks?|examples?|samples?|demos?|docs?|benchmarks?)\//i,
    'a folder of tests, examples or documentation',
  ],
  [
    /(?:^|\/)[^/]*(?:[._-]test|[._-]spec|_tests?|\.examples?|\.samples?|\.dist)(?:\.[a-z]{1,4})?$/i,
    'a test or a sample',
  ],
  [/(?:^|\/)(?:test_[^/]*|tests?)\.(?:py|rb|php|[cm]?[jt]s)$/, 'a test or a sample'],
  [/(?:^|\/)node_modules\/.*\.(?:md|markdown|rst)$/i, 'documentation'],
  [/\.(?:egg-info\/PKG-INFO|dist-info\/METADATA)$/, 'the description of a package'],
  [/(?:^|\/)libgnutls\.(?:a|so[.\d]*)$/, 'keys with which GnuTLS tests itself'],
  [/(?:^|\/)libmbedx509\.(?:a|so[.\d]*)$/, 'keys with which Mbed TLS tests itself'],
  // Debian's API key for a service that all of its browsers use.
  [/(?:^|\/)etc\/chromium\.d\/apikeys$/, 'the keys that Debian gives its Chromium'],
  [/(?:^|\/)(?:readme|changelog|changes|news|history|copying|license)[^/]*$/i, 'documentation'],
];
