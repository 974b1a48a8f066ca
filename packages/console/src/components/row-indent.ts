/** Indentation of tree rows. */
import type { CSSProperties } from 'react';

const levelsIndented = 14;
const indentPx = 15;

/** Indentation is limited so that deep rows stay readable. */
export function rowIndent(level: number): CSSProperties {
  return { paddingLeft: 8 + (Math.min(level, levelsIndented) - 1) * indentPx };
}
