/**
 * Requests of registries as recorded or derived from their sources and documentation, with what a
 * receiver must conclude. One folder per sender: `NAME.http` is a request line, headers with line
 * feeds, an empty line and the body as sent; `expect.json` says what is authentic, which events it
 * contains and what is ignored. Hosts, names and keys are made up.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { HookKind } from '@lazaret/protocol';

import {
  hashText,
  signatureForms,
  type HookCredential,
  type HookRequest,
} from '../authenticate.ts';
import { readKeySet } from '../google-token.ts';
import type { RegistryEvent } from '../shapes/notification.ts';

const directory = join(import.meta.dirname, 'notifications');

/** How a case authenticates, as `expect.json` writes it. */
export type RecordedAuth =
  | { readonly kind: 'header'; readonly header: string; readonly value: string }
  | { readonly kind: 'path'; readonly token: string }
  | { readonly kind: 'hmac'; readonly header: string; readonly key: string }
  | {
      readonly kind: 'jwt';
      readonly audience: string;
      readonly email: string;
      readonly at: number;
      readonly jwk: Readonly<Record<string, unknown>>;
    };

export interface RecordedRequest {
  /** `harbor/push-tag.http`. */
  readonly name: string;
  readonly kind: HookKind;
  readonly registry: string;
  readonly auth: RecordedAuth;
  readonly request: HookRequest;
  readonly expected: {
    readonly authentic: boolean;
    readonly events: readonly Omit<RegistryEvent, 'eventId' | 'occurredAt'>[];
    readonly ignored: readonly { readonly reason: string; readonly duplicateOf?: string }[];
  };
}

interface Expectations {
  readonly registry: string;
  readonly auth: RecordedAuth;
  readonly requests: Readonly<
    Record<string, RecordedRequest['expected'] & { readonly auth?: RecordedAuth }>
  >;
}

/** All recorded requests. */
export function readRecordedRequests(): readonly RecordedRequest[] {
  const folders = readdirSync(directory).toSorted();
  return folders.flatMap((folder) => {
    const text = readFileSync(join(directory, folder, 'expect.json'), 'utf8');
    const { registry, auth, requests } = JSON.parse(text) as Expectations;
    return Object.entries(requests).map(([file, expected]) => ({
      name: `${folder}/${file}`,
      // Both versions of Distribution are one kind: a registry may be upgraded.
      kind: folder.replace(/^distribution-[23]$/, 'distribution') as HookKind,
      registry,
      auth: expected.auth ?? auth,
      request: parseRequest(readFileSync(join(directory, folder, file))),
      expected,
    }));
  });
}

/** The credential of a case and the time at which its tokens are valid. */
export function credentialOf({ kind, auth }: RecordedRequest): {
  readonly credential: HookCredential;
  readonly nowMs: number;
} {
  switch (auth.kind) {
    case 'header': {
      const { header, value } = auth;
      return { credential: { kind: 'header', header, valueHash: hashText(value) }, nowMs: 0 };
    }
    case 'path':
      return { credential: { kind: 'path', tokenHash: hashText(auth.token) }, nowMs: 0 };
    case 'hmac': {
      const form = signatureForms[kind];
      if (form === undefined) throw new Error(`${kind} has no signature`);
      return { credential: { kind: 'hmac', key: auth.key, ...form }, nowMs: 0 };
    }
    case 'jwt':
    default: {
      const { audience, email: serviceAccount, jwk, at } = auth;
      const keys = readKeySet({ keys: [jwk] });
      return { credential: { kind: 'oidc', audience, serviceAccount, keys }, nowMs: at * 1000 };
    }
  }
}

/** A request file as the HTTP server hands it over. */
function parseRequest(file: Buffer): HookRequest {
  const end = file.indexOf('\n\n');
  const [first = '', ...lines] = file.subarray(0, end).toString('utf8').split('\n');
  const headers: Record<string, string[]> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    (headers[name] ??= []).push(line.slice(colon + 1).trim());
  }
  return { path: first.split(' ')[1] ?? '', headers, body: file.subarray(end + 2) };
}
