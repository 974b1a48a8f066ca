import { plural, type StoredPolicyFault } from '@lazaret/protocol';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconLoader2 } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import type { TextPosition } from '../../components/code-editor.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { ListSkeleton } from '../../components/query-view.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';
import type { DocumentCheck } from './use-check.ts';

const checking: Status = { label: 'Checking', tone: 'running', icon: IconLoader2 };
const valid: Status = { label: 'Valid', tone: 'succeeded', icon: IconCircleCheck };
const invalid: Status = { label: 'Not valid', tone: 'failed', icon: IconCircleX };
const warned: Status = { label: 'Valid', tone: 'warning', icon: IconAlertTriangle };

interface CheckPanelProps {
  readonly check: DocumentCheck;
  readonly onGoTo: (position: TextPosition) => void;
}

/** What is wrong with the document, and where. */
export function CheckPanel({ check, onGoTo }: CheckPanelProps): ReactNode {
  const { data, error, isPending, retry } = check;
  return (
    <Panel title="Check" actions={<StatusBadge status={statusOf(check)} />}>
      <div className="stack tight" role="status" aria-busy={isPending}>
        {error !== null && data === undefined && <ProblemNotice error={error} retry={retry} />}
        {error === null && data === undefined && <ListSkeleton rows={2} />}
        {data !== undefined && data.valid && (
          <div>
            {plural(data.rules, 'rule')}, {plural(data.tests, 'test case')}
          </div>
        )}
        {data !== undefined && <Faults faults={data.faults} onGoTo={onGoTo} />}
        {data !== undefined && data.warnings.length > 0 && (
          <>
            <strong>{plural(data.warnings.length, 'warning')}</strong>
            <Faults faults={data.warnings} onGoTo={onGoTo} />
          </>
        )}
      </div>
    </Panel>
  );
}

function statusOf({ data, isPending }: DocumentCheck): Status {
  if (isPending || data === undefined) return checking;
  if (!data.valid) return invalid;
  return data.warnings.length > 0 ? warned : valid;
}

interface FaultsProps extends Pick<CheckPanelProps, 'onGoTo'> {
  readonly faults: readonly StoredPolicyFault[];
}

function Faults({ faults, onGoTo }: FaultsProps): ReactNode {
  if (faults.length === 0) return null;
  return (
    <ol className="faults">
      {faults.map(({ line, column, message }, index) => (
        <li key={index}>
          {line !== null && (
            <button
              type="button"
              className="link-button number"
              onClick={() => onGoTo({ line, column: column ?? 1 })}
            >
              Line {line}, column {column ?? 1}
            </button>
          )}
          <PlainText>{message}</PlainText>
        </li>
      ))}
    </ol>
  );
}
