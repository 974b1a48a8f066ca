import { Button } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { describeFailure, unmarkedFields } from '../failure.ts';
import { PlainText } from './plain-text.tsx';

const tones = {
  failed: IconAlertTriangle,
  warning: IconAlertTriangle,
  moving: IconInfoCircle,
  succeeded: IconCircleCheck,
} as const;

interface NoticeProps {
  readonly tone: keyof typeof tones;
  readonly title: string;
  readonly children?: ReactNode;
}

export function Notice({ tone, title, children }: NoticeProps): ReactNode {
  const Icon = tones[tone];
  return (
    <div className={`notice tone-${tone}`} role={tone === 'failed' ? 'alert' : 'status'}>
      <Icon size={20} aria-hidden />
      <div className="grow break">
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  );
}

interface ProblemNoticeProps {
  readonly error: unknown;
  readonly retry?: () => void;
  /** Fields whose errors the form shows at the field: they are not repeated here. */
  readonly marked?: readonly string[];
}

/** An error: title, detail, and what to do. */
export function ProblemNotice({ error, retry, marked = [] }: ProblemNoticeProps): ReactNode {
  const { title, detail, hint } = describeFailure(error);
  const fields = unmarkedFields(error, marked);
  const hasFields = describeFailure(error).fields.length > 0;
  if (hasFields && fields.length === 0 && detail === '') return null;
  return (
    <Notice tone="failed" title={title}>
      {detail !== '' && (
        <p>
          <PlainText>{detail}</PlainText>
        </p>
      )}
      {fields.length > 0 && (
        <ul>
          {fields.map((field) => (
            <li key={field.path}>
              <code>{field.path}</code>: <PlainText>{field.message}</PlainText>
            </li>
          ))}
        </ul>
      )}
      <p className="dim">{hint}</p>
      {retry !== undefined && (
        <Button size="xs" variant="default" mt={8} onClick={retry}>
          Retry
        </Button>
      )}
    </Notice>
  );
}
