/** Limits of hooks and of what they receive. */
import { units } from '@lazaret/protocol/units';

const { MiB } = units;

export const hookLimits = {
  /** zot sends the whole manifest, which registries limit to 4 MiB, as text in the body. */
  bodyBytes: 8 * MiB,
  /** Registries send 1 event; relays collect some. */
  eventsPerDelivery: 1_000,
  /** Of a name in a message. */
  quotedChars: 100,
  /** Of an actor, an id, a media type. */
  textChars: 255,
} as const;
