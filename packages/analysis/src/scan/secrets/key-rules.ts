/** Private keys, by their armour. */
import type { Severity } from '@lazaret/protocol';

import type { SecretMatch, SecretRule } from './secret-rule.ts';

/** A line end, or its escape in a program or JSON. */
const lineEnd = '(?:\\r?\\n|\\\\r?\\\\n|\\\\n)';
const headers = `(?:[A-Za-z][A-Za-z-]{1,30}: [^\\r\\n\\\\]{0,120}${lineEnd}){0,8}`;
const body = '[A-Za-z0-9+/=]{24,64}';

function armour(words: string): RegExp {
  const quotes = '[\\s"\'+,]{0,40}';
  return new RegExp(
    `-----BEGIN ${words}-----${lineEnd}${quotes}${headers}${lineEnd}{0,2}\\s{0,20}(?<secret>${body})`,
    'y',
  );
}

export const keyRules: readonly SecretRule[] = [
  keyRule({
    id: 'private-key',
    title: 'Private key',
    names: ['BEGIN PRIVATE KEY', 'BEGIN RSA PRIVATE KEY'],
    words: '(?:RSA )?PRIVATE KEY',
  }),
  keyRule({
    id: 'private-key-ec',
    title: 'EC or DSA private key',
    names: ['BEGIN EC PRIVATE KEY', 'BEGIN DSA PRIVATE KEY'],
    words: '(?:EC|DSA) PRIVATE KEY',
  }),
  keyRule({
    id: 'private-key-encrypted',
    title: 'Encrypted private key',
    names: ['BEGIN ENCRYPTED PRIVATE KEY'],
    words: 'ENCRYPTED PRIVATE KEY',
    severity: 'medium',
  }),
  keyRule({
    id: 'private-key-openssh',
    title: 'OpenSSH private key',
    names: ['BEGIN OPENSSH PRIVATE KEY'],
    words: 'OPENSSH PRIVATE KEY',
  }),
  keyRule({
    id: 'private-key-ssh2',
    title: 'SSH2 private key',
    names: ['BEGIN SSH2 ENCRYPTED PRIVATE KEY'],
    words: 'SSH2 ENCRYPTED PRIVATE KEY',
    severity: 'medium',
  }),
  keyRule({
    id: 'private-key-pgp',
    title: 'OpenPGP private key',
    names: ['BEGIN PGP PRIVATE KEY BLOCK'],
    words: 'PGP PRIVATE KEY BLOCK',
  }),
  {
    id: 'private-key-putty',
    title: 'PuTTY private key',
    severity: 'high',
    anchors: ['PuTTY-User-Key-File-'],
    pattern: /PuTTY-User-Key-File-[23]: [\w-]{3,40}\r?\nEncryption: (?<secret>[\w-]{3,40})\r?\n/y,
    judge: ({ secret }) => (secret === 'none' ? 'high' : 'medium'),
  },
  {
    id: 'age-key',
    title: 'age private key',
    severity: 'high',
    anchors: ['AGE-SECRET-KEY-1'],
    pattern: /AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}/y,
    binary: true,
  },
  {
    id: 'wireguard-key',
    title: 'WireGuard private key',
    severity: 'high',
    anchors: ['PrivateKey'],
    pattern: /PrivateKey {0,4}= {0,4}(?<secret>[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)\s/y,
  },
];

interface KeyForm {
  readonly id: string;
  readonly title: string;
  /** Text between the dashes of the first line. */
  readonly names: readonly string[];
  /** The same as one pattern, without BEGIN. */
  readonly words: string;
  readonly severity?: Severity;
}

function keyRule({ id, title, names, words, severity = 'high' }: KeyForm): SecretRule {
  return {
    id,
    title,
    severity,
    anchors: names.map((name) => `-----${name}-----`),
    pattern: armour(words),
    reach: 2_048,
    binary: true,
    inWord: true,
    judge: (match) => (isEncrypted(match) ? 'medium' : severity),
  };
}

/** A traditional key has a header, an OpenSSH key starts with the name of the cipher. */
function isEncrypted({ text, secret }: SecretMatch): boolean {
  if (text.includes('Proc-Type: 4,ENCRYPTED')) return true;
  const start = Buffer.from(secret, 'base64').toString('latin1');
  return start.startsWith('openssh-key-v1\0') && !start.startsWith('none', 19);
}
