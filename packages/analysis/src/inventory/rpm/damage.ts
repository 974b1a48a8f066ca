/** How the readers of the three formats tell what they had to pass over. */
import type { DiagnosticFact } from '@lazaret/protocol';

export type OnDamage = (reason: DiagnosticFact['reason'], detail: string) => void;
