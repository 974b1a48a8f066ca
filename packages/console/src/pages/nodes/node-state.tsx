import type { Node } from '@lazaret/protocol';
import {
  IconCircleCheck,
  IconHelpCircle,
  IconHandStop,
  IconPlugConnectedX,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { LookBadge } from '../../parts/look-badge.tsx';

const looks = {
  online: { word: 'Online', tone: 'succeeded', icon: IconCircleCheck },
  offline: { word: 'Offline', tone: 'failed', icon: IconPlugConnectedX },
  unknown: { word: 'Unknown', tone: 'queued', icon: IconHelpCircle },
  cordoned: { word: 'Cordoned', tone: 'timed-out', icon: IconHandStop },
} as const;

export function NodeStateBadge({ node }: { readonly node: Node }): ReactNode {
  const look = node.state === 'online' && !node.schedulable ? 'cordoned' : node.state;
  return <LookBadge look={looks[look]} />;
}
