/** A layer to examine and its result, as plain data for a worker thread. */
import type { ScannerDescription } from '../../scan/scanner.ts';
import type { DigestChoice } from '../../digest/file-digests.ts';
import type { LayerClaims, LayerError } from './examine-layer.ts';
import type { LayerRecord } from '../walk/tree-record.ts';

/** Location of the stored bytes: in a local file, or sent in chunks. */
export type StoredBytes =
  | { readonly path: string; readonly offset: number; readonly sizeBytes: number }
  | 'sent';

export interface LayerTask {
  readonly stored: StoredBytes;
  readonly claims: LayerClaims;
  /** Ids of the readers to run. */
  readonly readers: readonly string[];
  /** The scanners to run, with their descriptions at the start. */
  readonly scanners: readonly {
    readonly id: string;
    readonly description: ScannerDescription;
  }[];
  readonly digests: DigestChoice;
  readonly similarity: boolean;
  /** Whether archives are unpacked for scanners. */
  readonly unpack: boolean;
  /** Time limit of the walk. */
  readonly timeMs: number;
}

export type LayerAnswer =
  | { readonly record: LayerRecord }
  | {
      readonly failure: { readonly code: LayerError['code'] | 'crashed'; readonly detail: string };
    };

export interface LayerJob {
  readonly task: LayerTask;
  /** The stored bytes, when the task says `sent`. */
  readonly open: () => Promise<AsyncIterable<Uint8Array>>;
  readonly onProgress?: ((files: number) => void) | undefined;
}

/** Examines layers in worker threads or in the current thread. */
export interface LayerRunner {
  /** Examines one layer. Never throws. */
  run(job: LayerJob): Promise<LayerAnswer>;
  close(): Promise<void>;
}
