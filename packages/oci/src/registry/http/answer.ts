/** The response to one HTTP request. */
import type { Writable } from 'node:stream';

import type { RegistryTransport } from '@lazaret/protocol';

export interface Answer {
  readonly status: number;
  readonly transport: RegistryTransport;
  /** Values of a header by its lower-case name. */
  header(name: string): readonly string[];
  readonly body: AsyncIterable<Uint8Array>;
  /**
   * Sends the body to a stream instead, as fast as that takes it. Whichever fails or closes first
   * ends the other; `onBytes` gets the size of each part.
   */
  pipe(to: Writable, onBytes: (bytes: number) => void): Promise<void>;
  /** Discards the body. */
  drop(): void;
}
