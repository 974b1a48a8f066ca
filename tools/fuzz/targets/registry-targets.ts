/** Responses of registries and credential files. */
import { Buffer } from 'node:buffer';

import { isPrivateAddress } from '../../../packages/oci/src/registry/http/address-policy.ts';
import { parseChallenges } from '../../../packages/oci/src/registry/auth/challenge.ts';
import { parseCredentialFile } from '../../../packages/oci/src/registry/auth/credential-file.ts';
import { matchKey } from '../../../packages/oci/src/registry/auth/credential-keys.ts';
import { nextLink } from '../../../packages/oci/src/registry/link-header.ts';
import {
  apiHost,
  formatReference,
  parseReference,
} from '../../../packages/oci/src/reference/reference.ts';
import { retryAfterMs } from '../../../packages/oci/src/registry/http/retry.ts';
import { SourceError } from '../../../packages/oci/src/source-error.ts';
import { promise } from '../fuzz-target.ts';
import type { FuzzTarget } from '../fuzz-target.ts';
import { harvestSeeds } from '../harvest.ts';

const registry = 'packages/oci/src/registry/';
const texts = (...all: readonly string[]) => {
  return (): Buffer[] => all.map((text) => Buffer.from(text));
};

function readReference(bytes: Buffer): void {
  const reference = parseReference(bytes.toString());
  const again = parseReference(formatReference(reference));
  promise(again.host === reference.host, 'another host when it is read again');
  promise(again.repository === reference.repository, 'another repository when it is read again');
  // Parts of a URL must not change its target.
  const url = new URL(`https://${apiHost(reference.host)}/v2/${reference.repository}/tags/list`);
  promise(url.pathname === `/v2/${reference.repository}/tags/list`, `the path ${url.pathname}`);
  promise(url.username === '' && url.search === '' && url.hash === '', 'an address of its own');
}

/** Errors of the file do not reveal the text; others would. */
function readCredentials(bytes: Buffer, form: 'docker' | 'dockercfg' | 'secret'): void {
  try {
    const { entries } = parseCredentialFile(bytes.toString(), form);
    for (const key of entries.keys()) matchKey(key, 'lab.example', 'app');
  } catch (error) {
    const isOwn = error instanceof Error && error.message === 'invalid format';
    if (!isOwn) throw error;
  }
}

const auth = Buffer.from('user:word').toString('base64');
const credentialSeeds = (): Buffer[] => [
  ...harvestSeeds(`${registry}credential`),
  Buffer.from(JSON.stringify({ auths: { 'lab.example': { auth } }, credHelpers: { a: 'b' } })),
  Buffer.from(JSON.stringify({ 'https://lab.example/v1/': { auth, email: 'a@b' } })),
  Buffer.from(
    `apiVersion: v1\nkind: Secret\ntype: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: ${Buffer.from(
      JSON.stringify({ auths: { a: { auth } } }),
    ).toString('base64')}\n`,
  ),
];

export const registryTargets: readonly FuzzTarget[] = [
  {
    name: 'challenge',
    files: [`${registry}challenge`],
    seeds: texts(
      'Bearer realm="https://lab.example/token",service="lab",scope="repository:a/b:pull"',
      'Basic realm="a, b", Bearer realm="x\\"y" , error=insufficient_scope',
      'Negotiate, NTLM abcd==',
    ),
    run: (bytes) => void parseChallenges([bytes.toString('latin1')]),
    weight: 2,
  },
  {
    name: 'link-header',
    files: [`${registry}link-header`],
    seeds: texts('</v2/_catalog?last=b&n=2>; rel="next"', '<a>; rel=prev, <b>; rel="next last"'),
    run: (bytes) => void nextLink([bytes.toString('latin1')]),
  },
  {
    name: 'reference',
    files: ['packages/oci/src/reference'],
    seeds: texts(
      'alpine',
      'localhost:5000/a/b:1.2',
      `lab.example/x__y/z-z@sha256:${'ab'.repeat(32)}`,
      'index.docker.io/library/alpine:3',
    ),
    run: readReference,
    errors: [SourceError],
    weight: 2,
  },
  {
    name: 'credentials:docker',
    files: [`${registry}credential`],
    seeds: credentialSeeds,
    run: (bytes) => readCredentials(bytes, 'docker'),
  },
  {
    name: 'credentials:secret',
    files: [`${registry}credential`],
    seeds: credentialSeeds,
    run: (bytes) => readCredentials(bytes, 'secret'),
    weight: 2,
  },
  {
    name: 'credentials:dockercfg',
    files: [`${registry}credential`],
    seeds: credentialSeeds,
    run: (bytes) => readCredentials(bytes, 'dockercfg'),
  },
  {
    name: 'retry-after',
    files: [`${registry}retry`],
    seeds: texts('120', 'Wed, 21 Oct 2026 07:28:00 GMT'),
    run: (bytes) => {
      const ms = retryAfterMs(bytes.toString('latin1'), 0);
      promise(ms === undefined || (ms >= 0 && Number.isFinite(ms)), `a wait of ${ms}`);
    },
  },
  {
    name: 'address',
    files: [`${registry}address-policy`],
    seeds: texts('10.0.0.1', '::1', '::ffff:127.0.0.1', 'fe80::1%eth0', '2001:db8::1'),
    run: (bytes) => void isPrivateAddress(bytes.toString('latin1')),
  },
];
