import type { Engine } from '@lazaret/protocol';
import { IconAlertTriangle, IconCircleCheck, IconCircleOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { StatusBadge } from '../../components/status-badge.tsx';

const statuses = {
  ready: { label: 'Ready', tone: 'succeeded', icon: IconCircleCheck },
  disabled: { label: 'Disabled', tone: 'cancelled', icon: IconCircleOff },
  problem: { label: 'Cannot run', tone: 'timed-out', icon: IconAlertTriangle },
} as const;

export function EngineStateBadge({ engine }: { readonly engine: Engine }): ReactNode {
  const name = !engine.enabled ? 'disabled' : engine.problem === null ? 'ready' : 'problem';
  return <StatusBadge status={statuses[name]} />;
}
