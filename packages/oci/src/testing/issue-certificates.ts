/**
 * Generates a certificate authority with a server and a client certificate, so that tests of TLS
 * need no external program. Encoded as DER: X.509 version 3 (RFC 5280), ECDSA P-256.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

export interface IssuedCertificates {
  /** PEM. */
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** Issues certificates for names and IPv4 addresses, valid until 2099. */
export function issueCertificates(names: readonly string[]): IssuedCertificates {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issue = (subject: string, publicKey: KeyObject, extensions: readonly Buffer[]): string => {
    const tbs = describe({ issuer: 'Fake authority', subject, publicKey, extensions });
    const signature = sign('sha256', tbs, authority.privateKey);
    const certificate = sequence(tbs, ecdsa, tlv(0x03, Buffer.concat([byte(0), signature])));
    const text = certificate
      .toString('base64')
      .match(/.{1,64}/g)
      ?.join('\n');
    return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
  };
  const pair = (subject: string, extensions: readonly Buffer[]) => {
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
    return { cert: issue(subject, keys.publicKey, extensions), key };
  };
  return {
    ca: issue('Fake authority', authority.publicKey, [isAuthority]),
    server: pair('Fake registry', [alternativeNames([...new Set(names)])]),
    client: pair('Fake client', []),
  };
}

interface Description {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

function describe({ issuer, subject, publicKey, extensions }: Description): Buffer {
  const serial = Buffer.concat([byte(0x01), randomBytes(8)]);
  return sequence(
    tlv(0xa0, tlv(0x02, byte(2))),
    tlv(0x02, serial),
    ecdsa,
    name(issuer),
    sequence(tlv(0x18, ascii('20200101000000Z')), tlv(0x18, ascii('20991231235959Z'))),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [tlv(0xa3, sequence(...extensions))]),
  );
}

/** Tag, length, value. */
function tlv(tag: number, value: Uint8Array): Buffer {
  const { length } = value;
  const long = Buffer.from(length.toString(16).padStart(length > 255 ? 4 : 2, '0'), 'hex');
  const head = length < 128 ? byte(length) : Buffer.concat([byte(0x80 | long.length), long]);
  return Buffer.concat([byte(tag), head, value]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function byte(value: number): Buffer {
  return Buffer.from([value]);
}

function ascii(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

const ecdsa = sequence(oid('2a8648ce3d040302'));

function name(text: string): Buffer {
  const commonName = sequence(oid('550403'), tlv(0x0c, Buffer.from(text)));
  return sequence(tlv(0x31, commonName));
}

const isAuthority = sequence(
  oid('551d13'),
  tlv(0x01, byte(0xff)),
  tlv(0x04, sequence(tlv(0x01, byte(0xff)))),
);

function alternativeNames(names: readonly string[]): Buffer {
  const entries = names.map((one) =>
    isIPv4(one) ? tlv(0x87, Buffer.from(one.split('.').map(Number))) : tlv(0x82, ascii(one)),
  );
  return sequence(oid('551d11'), tlv(0x04, sequence(...entries)));
}
