/** Who we are to a registry, and where that is found. */

export type Credential =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A refresh token (OAuth 2), exchanged for tokens at the registry's token server. */
  | { readonly kind: 'identity'; readonly username?: string; readonly token: string }
  /** Sent to the registry as it is. */
  | { readonly kind: 'bearer'; readonly token: string };

export interface CredentialQuery {
  /** As in references; Docker Hub is `docker.io`. */
  readonly host: string;
  readonly repository: string;
  readonly signal?: AbortSignal | undefined;
}

export interface CredentialSource {
  /** Undefined: none; throws SourceError `unauthorized` when a source cannot be read. */
  find(query: CredentialQuery): Promise<Credential | undefined>;
}

/** What of a credential is secret. */
export function secretOf(credential: Credential): string {
  return credential.kind === 'password' ? credential.password : credential.token;
}
