/** Keyboard navigation of a tree, per the ARIA authoring practices. */
import type { KeyboardEvent } from 'react';

/** Moves the focus between rows; rows open and close by a custom event. */
export function moveFocus(event: KeyboardEvent, tree: HTMLElement | null): void {
  if (tree === null || event.altKey || event.ctrlKey || event.metaKey) return;
  const rows = [...tree.querySelectorAll<HTMLElement>('[role="treeitem"]')];
  const at = rows.findIndex((row) => row === document.activeElement);
  const row = rows[at];
  if (row === undefined) return;
  const target = targetOf(event.key, rows, at);
  if (target === undefined) return;
  event.preventDefault();
  if (target === 'toggle') row.dispatchEvent(new CustomEvent('lz-toggle'));
  else target.focus();
}

function targetOf(
  key: string,
  rows: readonly HTMLElement[],
  at: number,
): HTMLElement | 'toggle' | undefined {
  const row = rows[at];
  const expanded = row?.getAttribute('aria-expanded');
  switch (key) {
    case 'ArrowDown':
      return rows[at + 1];
    case 'ArrowUp':
      return rows[at - 1];
    case 'Home':
      return rows[0];
    case 'End':
      return rows.at(-1);
    case 'ArrowRight':
      return expanded === 'false' ? 'toggle' : expanded === 'true' ? rows[at + 1] : undefined;
    case 'ArrowLeft':
      return expanded === 'true' ? 'toggle' : parentRow(rows, at);
    default:
      return undefined;
  }
}

function parentRow(rows: readonly HTMLElement[], at: number): HTMLElement | undefined {
  const level = Number(rows[at]?.getAttribute('aria-level'));
  return rows.slice(0, at).findLast((row) => Number(row.getAttribute('aria-level')) < level);
}
