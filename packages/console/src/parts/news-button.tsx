import { IconArrowUp } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface NewsButtonProps {
  readonly count: number;
  /** `new`, `newly inspected`. */
  readonly words: string;
  readonly onShow: () => void;
}

/** Says what came since the list was read; the list moves when the reader wants it. */
export function NewsButton({ count, words, onShow }: NewsButtonProps): ReactNode {
  if (count === 0) return null;
  return (
    <button type="button" className="news mantine-focus-auto" onClick={onShow}>
      <IconArrowUp size={16} aria-hidden /> {count} {words}, show
    </button>
  );
}
