/** What `lazaret inspect` asks of the analysis, as plain data; made from flags and variables. */
import type { InspectionReport, Platform } from '@lazaret/protocol';

import type { ProxyVariables } from '../environment.ts';

/** Scanners with what each needs; one that is absent is not used. */
export interface ScannerRequest {
  readonly clamav?: { readonly address: string };
  readonly yara?: { readonly rules: readonly string[] };
  readonly hashSets?: {
    readonly lists: readonly { readonly path: string; readonly kind: 'allow' | 'deny' }[];
    /** NSRL RDS v3, SQLite. */
    readonly rds: readonly string[];
  };
  /** Lists of digests that resemblance is measured against. */
  readonly similarity?: { readonly lists: readonly string[] };
  readonly secrets?: boolean;
}

export interface RegistryRequest {
  /** `host[:port]` that are spoken to without TLS. */
  readonly plainHttpHosts: readonly string[];
  /** `host[:port]` whose certificates are not checked. */
  readonly skipVerifyHosts: readonly string[];
  /** Certificates (PEM) to trust besides those of the system. */
  readonly caFiles: readonly string[];
  /** `config.json` of docker. */
  readonly credentialsFile: string;
  /** By host: the hosts that are asked first for its images. */
  readonly mirrors: Readonly<Record<string, readonly string[]>>;
  /** `host[:port]` that layers outside the registry may be fetched from. */
  readonly foreignHosts: readonly string[];
  readonly proxy: ProxyVariables;
}

export interface InspectRequest {
  /** As it was given: `registry/app:tag`, a path, `container:web`, `dir:/srv`. */
  readonly reference: string;
  readonly platform: 'default' | 'all' | Platform;
  /** Nothing is asked over the network. */
  readonly offline: boolean;
  /** Whether the report lists every file. */
  readonly files: boolean;
  readonly scanners: ScannerRequest;
  /** Imported advisories; packages are not matched without. */
  readonly vulnerabilityDatabase: string | undefined;
  readonly cache: { readonly directory: string; readonly maxBytes: number } | undefined;
  readonly registry: RegistryRequest;
  /** `unix:///var/run/docker.sock`; asked first for an image that is no path. */
  readonly dockerHost: string;
  /** Layers examined at once; as many as there are cores unless given. */
  readonly parallel: number | undefined;
  /** For one layer. */
  readonly timeMs: number | undefined;
}

/** What is told while an inspection goes on. */
export type InspectProgress =
  | { readonly phase: 'listed'; readonly images: number; readonly layers: number }
  | {
      readonly phase: 'layer';
      /** Its place among all layers that are examined, and how it is called. */
      readonly index: number;
      readonly label: string;
      readonly state: 'examining' | 'done' | 'cached';
      readonly files: number;
      /** Stored bytes, where the layer tells how many there are. */
      readonly doneBytes?: number;
      readonly totalBytes?: number;
    };

export interface InspectHooks {
  readonly toolVersion: string;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: InspectProgress) => void;
}

/** Answers a report for each selected platform; throws what a source says when it cannot give. */
export type InspectImage = (
  request: InspectRequest,
  hooks: InspectHooks,
) => Promise<readonly InspectionReport[]>;
