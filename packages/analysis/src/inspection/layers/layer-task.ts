/** One layer to examine, as plain data that crosses to a thread, and what comes back. */
import type { ScannerDescription } from '../../scan/scanner.ts';
import type { DigestChoice } from '../../digest/file-digests.ts';
import type { LayerClaims, LayerError } from './examine-layer.ts';
import type { LayerRecord } from '../walk/tree-record.ts';

/** Where the stored bytes are: in a file of this machine, or sent piece by piece. */
export type StoredBytes =
  | { readonly path: string; readonly offset: number; readonly sizeBytes: number }
  | 'sent';

export interface LayerTask {
  readonly stored: StoredBytes;
  readonly claims: LayerClaims;
  /** Ids of the readers that are to run. */
  readonly readers: readonly string[];
  /** Ids of the scanners that are to run, as they described themselves at the start. */
  readonly scanners: readonly {
    readonly id: string;
    readonly description: ScannerDescription;
  }[];
  readonly digests: DigestChoice;
  readonly similarity: boolean;
  /** Whether files inside files are unpacked for scanners. */
  readonly unpack: boolean;
  /** The walk is ended after so long. */
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

/** Whoever examines layers: threads of this process, or this thread itself. */
export interface LayerRunner {
  /** Examines one layer, in its turn. Never throws. */
  run(job: LayerJob): Promise<LayerAnswer>;
  close(): Promise<void>;
}
