/** How the readers of the three formats report what they skipped. */
import type { DiagnosticFact } from '@lazaret/protocol';

export type OnDamage = (reason: DiagnosticFact['reason'], detail: string) => void;
