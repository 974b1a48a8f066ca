import type { Node } from '@lazaret/protocol';
import {
  IconCircleCheck,
  IconHelpCircle,
  IconHandStop,
  IconPlugConnectedX,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { StatusBadge } from '../../components/status-badge.tsx';

const statuses = {
  online: { label: 'Online', tone: 'succeeded', icon: IconCircleCheck },
  offline: { label: 'Offline', tone: 'failed', icon: IconPlugConnectedX },
  unknown: { label: 'Unknown', tone: 'queued', icon: IconHelpCircle },
  cordoned: { label: 'Cordoned', tone: 'timed-out', icon: IconHandStop },
} as const;

export function NodeStateBadge({ node }: { readonly node: Node }): ReactNode {
  const name = node.state === 'online' && !node.schedulable ? 'cordoned' : node.state;
  return <StatusBadge status={statuses[name]} />;
}
