/** Credentials for registries and where they are looked up. */

export type Credential =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** A refresh token (OAuth 2), exchanged for tokens at the registry's token server. */
  | { readonly kind: 'identity'; readonly username?: string; readonly token: string }
  /** Sent to the registry unchanged. */
  | { readonly kind: 'bearer'; readonly token: string };

export interface CredentialQuery {
  /** As in references; Docker Hub is `docker.io`. */
  readonly host: string;
  readonly repository: string;
  readonly signal?: AbortSignal | undefined;
}

export interface CredentialSource {
  /**
   * Undefined when there are none. Throws SourceError `unauthorized` when a source cannot be read.
   */
  find(query: CredentialQuery): Promise<Credential | undefined>;
}

/** The secret part of a credential. */
export function secretOf(credential: Credential): string {
  return credential.kind === 'password' ? credential.password : credential.token;
}
