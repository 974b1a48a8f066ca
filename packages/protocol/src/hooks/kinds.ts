/**
 * The kinds of push notifications that hooks receive, and how the sender of each proves who it is.
 * The kind is a setting of the hook and never derived from a request: senders imitate each other.
 */

/**
 * How a request is authenticated: a header whose value is secret, a signature over the body (HMAC),
 * a secret at the end of the path, or a token of Google (OIDC).
 */
export type HookAuthentication = 'header' | 'hmac' | 'path' | 'oidc';

export interface HookKindInfo {
  /** What people call the sender. */
  readonly title: string;
  /** What the sender can do; the first is the default. */
  readonly authentication: readonly [HookAuthentication, ...HookAuthentication[]];
  /** The header with the secret or the signature. */
  readonly header: string | null;
  /** Whether the sender lets its operator choose the name of the header. */
  readonly anyHeader: boolean;
  /** Written before a generated secret in the header, because the sender expects a scheme. */
  readonly scheme: string;
}

const fixedHeader = {
  authentication: ['header'],
  header: 'Authorization',
  anyHeader: false,
  scheme: 'Bearer ',
} as const satisfies Omit<HookKindInfo, 'title'>;
const anyHeader = { ...fixedHeader, anyHeader: true } as const;
const signed = { authentication: ['hmac'], anyHeader: false, scheme: '' } as const;
const secretPath = {
  authentication: ['path'],
  header: null,
  anyHeader: false,
  scheme: '',
} as const;

/** Every kind, in the order of the documentation. */
export const hookKinds = {
  distribution: { title: 'CNCF Distribution (registry 2 and 3)', ...anyHeader },
  gitlab: { title: 'GitLab container registry', ...anyHeader, scheme: '' },
  'docker-hub': { title: 'Docker Hub', ...secretPath },
  harbor: { title: 'Harbor (payload format Default)', ...fixedHeader },
  'harbor-cloudevents': { title: 'Harbor (payload format CloudEvents)', ...fixedHeader },
  quay: { title: 'Quay', ...secretPath },
  gitea: { title: 'Gitea', ...signed, header: 'X-Gitea-Signature' },
  forgejo: { title: 'Forgejo', ...signed, header: 'X-Forgejo-Signature' },
  github: { title: 'GitHub Packages (ghcr.io)', ...signed, header: 'X-Hub-Signature-256' },
  zot: { title: 'zot', ...anyHeader },
  'azure-acr': { title: 'Azure Container Registry', ...anyHeader },
  'amazon-ecr': {
    title: 'Amazon ECR (EventBridge)',
    ...anyHeader,
    header: 'X-Api-Key',
    scheme: '',
  },
  'google-artifact-registry': {
    title: 'Google Artifact Registry (Pub/Sub)',
    authentication: ['oidc'],
    header: 'Authorization',
    anyHeader: false,
    scheme: '',
  },
  jfrog: {
    title: 'JFrog Artifactory',
    ...signed,
    authentication: ['hmac', 'header'],
    header: 'X-JFrog-Event-Auth',
  },
  nexus: { title: 'Sonatype Nexus', ...signed, header: 'X-Nexus-Webhook-Signature' },
} as const satisfies Record<string, HookKindInfo>;

export type HookKind = keyof typeof hookKinds;
export const hookKindNames = Object.keys(hookKinds) as [HookKind, ...HookKind[]];

/** The settings of a kind, typed as any kind. */
export function hookKindInfo(kind: HookKind): HookKindInfo {
  return hookKinds[kind];
}
