import { plural } from '@lazaret/protocol';
import { IconArrowUp } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface NewItemsButtonProps {
  readonly count: number;
  /** `new job`, `newly inspected image`. */
  readonly item: string;
  readonly onShow: () => void;
}

/** Shows how many items are new since the list was loaded; loads them on click. */
export function NewItemsButton({ count, item, onShow }: NewItemsButtonProps): ReactNode {
  if (count === 0) return null;
  return (
    <button type="button" className="new-items mantine-focus-auto" onClick={onShow}>
      <IconArrowUp size={16} aria-hidden /> Show {plural(count, item)}
    </button>
  );
}
