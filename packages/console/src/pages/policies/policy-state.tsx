import type { StoredPolicy, StoredPolicyFault } from '@lazaret/protocol';
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';

const inForce: Status = { label: 'In force', tone: 'succeeded', icon: IconCircleCheck };
const refused: Status = { label: 'File refused', tone: 'timed-out', icon: IconAlertTriangle };
const invalid: Status = { label: 'Not in force', tone: 'failed', icon: IconCircleX };

/** Whether a policy is in force, and whether its file is refused as it is now. */
export function PolicyStateBadge({ policy }: { readonly policy: StoredPolicy }): ReactNode {
  if (!policy.inForce) return <StatusBadge status={invalid} state="invalid" />;
  if (policy.problem !== null) return <StatusBadge status={refused} state="refused" />;
  return <StatusBadge status={inForce} state="in-force" />;
}

/** `line 3, column 7: ` with what is wrong. */
export function FaultText({ fault }: { readonly fault: StoredPolicyFault }): ReactNode {
  const { line, column, message } = fault;
  return (
    <>
      {line !== null && (
        <b className="number">
          Line {line}, column {column ?? 1}:{' '}
        </b>
      )}
      <PlainText>{message}</PlainText>
    </>
  );
}

/** Where a policy is from. */
export function PolicySourceText({ policy }: { readonly policy: StoredPolicy }): ReactNode {
  if (policy.source === 'built-in') return <span className="nowrap">Built-in</span>;
  if (policy.source === 'api') return 'API';
  return (
    <span className="break">
      File{' '}
      <span className="mono small">
        <PlainText>{policy.file ?? ''}</PlainText>
      </span>
    </span>
  );
}

/** `prod/**, !prod/lab/*`, or that a policy applies everywhere. */
export function describeScope({ appliesTo }: StoredPolicy): string {
  const parts = Object.entries(appliesTo).flatMap(([name, globs]) =>
    globs === null ? [] : [`${name} ${globs.join(', ')}`],
  );
  return parts.length === 0 ? 'all images' : parts.join('; ');
}
