import type { Engine } from '@lazaret/protocol';
import { IconAlertTriangle, IconCircleCheck, IconCircleOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { LookBadge } from '../../parts/look-badge.tsx';

const looks = {
  ready: { word: 'Ready', tone: 'succeeded', icon: IconCircleCheck },
  disabled: { word: 'Disabled', tone: 'cancelled', icon: IconCircleOff },
  problem: { word: 'Cannot run', tone: 'timed-out', icon: IconAlertTriangle },
} as const;

export function EngineStateBadge({ engine }: { readonly engine: Engine }): ReactNode {
  const look = !engine.enabled ? 'disabled' : engine.problem === null ? 'ready' : 'problem';
  return <LookBadge look={looks[look]} />;
}
