import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface CopyProps {
  readonly value: string;
  /** Name of the copied text, for screen readers. */
  readonly label: string;
}

export function Copy({ value, label }: CopyProps): ReactNode {
  return (
    <CopyButton value={value} timeout={1_500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : `Copy ${label}`}>
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            onClick={copy}
            aria-label={`Copy ${label}`}
          >
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** A long identifier, shortened, with a button that copies the full value. */
export function Copyable({
  value,
  label,
  chars,
}: CopyProps & { readonly chars?: number }): ReactNode {
  return (
    <span className="copyable">
      <span className="mono" title={value}>
        {chars !== undefined && value.length > chars ? `${value.slice(0, chars)}…` : value}
      </span>
      <Copy value={value} label={label} />
    </span>
  );
}

/** A code block with a copy button. */
export function CodeBlock({
  value,
  label,
  isTall,
}: CopyProps & { readonly isTall?: boolean }): ReactNode {
  return (
    <div className="code-frame">
      {/* Focusable by keyboard, since it may scroll. */}
      <pre
        className={isTall === true ? 'code wraps tall' : 'code wraps'}
        tabIndex={0}
        aria-label={label}
      >
        {value}
      </pre>
      <div className="code-copy">
        <Copy value={value} label={label} />
      </div>
    </div>
  );
}
