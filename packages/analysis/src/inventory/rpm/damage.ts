/** How the readers of the three formats tell what they had to pass over. */
import type { UnknownFact } from '@lazaret/protocol';

export type OnDamage = (reason: UnknownFact['reason'], detail: string) => void;
