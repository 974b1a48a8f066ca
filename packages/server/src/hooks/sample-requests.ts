/** Requests as each kind of sender writes them, for test deliveries: one push of one tag. */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';

import type { HookKind } from '@lazaret/protocol';

import { hashText, signatureForms, type HookCredential } from './authenticate.ts';
import { readKeySet } from './google-token.ts';
import { credentialOf } from './hook-credential.ts';
import type { HookRow } from './store.ts';

export interface SampleRequest {
  /** Appended to the address of the hook. */
  readonly suffix: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What it is checked with, unless that is the hook's own secret. */
  readonly credential: HookCredential | undefined;
}

/** A repository for tests, which record no arrival. */
export const sampleRepository = 'lazaret/hook-test';
const tag = 'test';
const digest = `sha256:${hashText('lazaret').toString('hex')}`;
const mediaType = 'application/vnd.oci.image.manifest.v1+json';

/** Makes a request with the secret of the hook, or with one of its own if that is not readable. */
export function makeSample(
  hook: HookRow,
  about: { readonly secret: string | undefined; readonly id: string; readonly nowMs: number },
): SampleRequest {
  const { headers, body } = makeContent(hook, about);
  if (hook.authentication === 'oidc') {
    const { token, credential } = signToken(hook, about.nowMs);
    const authorization = `Bearer ${token}`;
    return { suffix: '', headers: { ...headers, authorization }, body, credential };
  }
  const secret = about.secret ?? about.id;
  const credential = about.secret === undefined ? credentialOf(hook, secret) : undefined;
  if (hook.authentication === 'path') return { suffix: `/${secret}`, headers, body, credential };
  const proof =
    hook.authentication === 'hmac'
      ? signBody(hook.kind as HookKind, body, secret)
      : { [(hook.header ?? '').toLowerCase()]: secret };
  return { suffix: '', headers: { ...headers, ...proof }, body, credential };
}

function signBody(kind: HookKind, body: string, key: string): Record<string, string> {
  const form = signatureForms[kind];
  if (form === undefined) throw new Error(`${kind} has no signature`);
  const signature = createHmac(form.algorithm, key).update(body).digest('hex');
  return { [form.header]: `${form.prefix}${signature}` };
}

/** A token as Google makes them, with a key that is thrown away. */
function signToken(
  { audience, service_account: email }: HookRow,
  nowMs: number,
): { readonly token: string; readonly credential: HookCredential } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(nowMs / 1000);
  const claims = { iss: 'https://accounts.google.com', aud: audience, email };
  const signed = [
    part({ alg: 'RS256', kid: 'test', typ: 'JWT' }),
    part({ ...claims, email_verified: true, iat, exp: iat + 60 }),
  ].join('.');
  const signature = sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url');
  const keys = readKeySet({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'test' }] });
  return {
    token: `${signed}.${signature}`,
    credential: {
      ...{ kind: 'oidc', audience: audience ?? '', serviceAccount: email ?? '', keys },
    },
  };
}

interface SampleContent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface SampleEvent {
  readonly id: string;
  readonly at: string;
  readonly seconds: number;
  readonly address: string;
}

function makeContent(
  hook: HookRow,
  { id, nowMs }: { readonly id: string; readonly nowMs: number },
): SampleContent {
  const seconds = Math.floor(nowMs / 1000);
  const at = new Date(nowMs).toISOString();
  const event = { id, at, seconds, address: hook.registry_address };
  const { headers = {}, body } = samples[hook.kind as HookKind](event);
  return {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

type Sample = (event: SampleEvent) => {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
};

const [owner = '', name = ''] = sampleRepository.split('/');

const distribution: Sample = (event) => ({
  headers: { 'content-type': 'application/vnd.docker.distribution.events.v2+json' },
  body: { events: [distributionEvent(event)] },
});

function distributionEvent({ id, at }: SampleEvent): object {
  const target = { mediaType, digest, tag, repository: sampleRepository };
  return { id, timestamp: at, action: 'push', target, actor: { name: 'lazaret' } };
}

const harborData = {
  resources: [{ digest, tag }],
  repository: { name, namespace: owner, repo_full_name: sampleRepository },
};

const packageEvent =
  (header: string): Sample =>
  ({ id, at }) => ({
    headers: { [header]: id },
    body: {
      action: 'created',
      package: { type: 'container', owner: { login: owner }, name, version: tag, created_at: at },
      sender: { login: 'lazaret' },
    },
  });

const samples: Readonly<Record<HookKind, Sample>> = {
  distribution,
  gitlab: distribution,
  'docker-hub': ({ seconds }) => ({
    body: {
      push_data: { tag, pusher: 'lazaret', pushed_at: seconds },
      repository: { repo_name: sampleRepository, name, namespace: owner },
    },
  }),
  harbor: ({ seconds }) => ({
    body: {
      ...{ type: 'PUSH_ARTIFACT', occur_at: seconds, operator: 'lazaret' },
      event_data: harborData,
    },
  }),
  'harbor-cloudevents': ({ id, at }) => ({
    headers: { 'content-type': 'application/cloudevents+json' },
    body: {
      ...{ specversion: '1.0', id, type: 'harbor.artifact.pushed', time: at },
      ...{ data: harborData, operator: 'lazaret' },
    },
  }),
  quay: () => ({
    body: { repository: sampleRepository, namespace: owner, name, updated_tags: [tag] },
  }),
  gitea: packageEvent('x-gitea-delivery'),
  forgejo: packageEvent('x-forgejo-delivery'),
  github: ({ id, at }) => ({
    headers: { 'x-github-delivery': id, 'x-github-event': 'registry_package' },
    body: {
      action: 'published',
      registry_package: {
        ...{ name, package_type: 'CONTAINER', updated_at: at, owner: { login: owner } },
        package_version: {
          id,
          container_metadata: {
            tag: { name: tag, digest },
            manifest: { digest, media_type: mediaType },
          },
        },
      },
      sender: { login: 'lazaret' },
    },
  }),
  zot: ({ id, at }) => ({
    headers: { 'ce-type': 'zotregistry.image.updated', 'ce-id': id, 'ce-time': at },
    body: { name: sampleRepository, reference: tag, digest, mediaType },
  }),
  'azure-acr': (event) => ({ body: distributionEvent(event) }),
  'amazon-ecr': ({ id, at, address }) => {
    const [account = '', , , region = ''] = address.split('.');
    return {
      body: {
        ...{ id, account, region, time: at, source: 'aws.ecr', 'detail-type': 'ECR Image Action' },
        detail: {
          ...{ result: 'SUCCESS', 'action-type': 'PUSH', 'repository-name': sampleRepository },
          ...{ 'image-digest': digest, 'image-tag': tag },
        },
      },
    };
  },
  'google-artifact-registry': ({ id, at, address }) => {
    const image = `${address}/${sampleRepository}`;
    const data = { action: 'INSERT', digest: `${image}@${digest}`, tag: `${image}:${tag}` };
    const encoded = Buffer.from(JSON.stringify(data)).toString('base64');
    return {
      body: {
        message: { data: encoded, messageId: id, publishTime: at },
        subscription: 'projects/lazaret/subscriptions/test',
      },
    };
  },
  jfrog: () => ({
    body: {
      ...{ domain: 'docker', event_type: 'pushed' },
      data: { repo_key: owner, image_name: name, tag, sha256: digest.slice('sha256:'.length) },
    },
  }),
  nexus: ({ id, at }) => ({
    headers: { 'x-nexus-webhook-delivery': id, 'x-nexus-webhook-id': 'rm:repository:component' },
    body: {
      ...{ timestamp: at, initiator: 'lazaret/127.0.0.1', action: 'CREATED' },
      component: { format: 'docker', name: sampleRepository, version: tag },
    },
  }),
};
