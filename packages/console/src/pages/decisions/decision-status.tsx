import type { DecisionAction, PolicyVerdict } from '@lazaret/protocol';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { type Status, StatusBadge } from '../../components/status-badge.tsx';

const verdicts: Readonly<Record<PolicyVerdict, Status>> = {
  pass: { label: 'Pass', tone: 'succeeded', icon: IconCircleCheck },
  warn: { label: 'Warning', tone: 'timed-out', icon: IconAlertTriangle },
  incomplete: { label: 'Incomplete', tone: 'queued', icon: IconCircleDashed },
  fail: { label: 'Fail', tone: 'failed', icon: IconCircleX },
};

export const verdictLabels: Readonly<Record<PolicyVerdict, string>> = {
  pass: verdicts.pass.label,
  warn: verdicts.warn.label,
  incomplete: verdicts.incomplete.label,
  fail: verdicts.fail.label,
};

export function PolicyVerdictBadge({ verdict }: { readonly verdict: PolicyVerdict }): ReactNode {
  return <StatusBadge status={verdicts[verdict]} state={verdict} />;
}

/** What a policy asks for; whether it was done is its effect. */
export const actionLabels: Readonly<Record<DecisionAction, string>> = {
  none: 'none',
  report: 'report',
  notify: 'notify',
  attach: 'attach verdict',
  block: 'block',
  quarantine: 'quarantine',
  delete: 'delete',
};
