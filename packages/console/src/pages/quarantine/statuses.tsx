import type { ActionKind, QuarantineState, RegistryActionState } from '@lazaret/protocol';
import {
  IconArrowBackUp,
  IconBan,
  IconCircleCheck,
  IconCircleX,
  IconHourglass,
  IconLoader2,
  IconLock,
  IconTrash,
  IconUserQuestion,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { type Status, StatusBadge } from '../../components/status-badge.tsx';

export const itemStatuses: Readonly<Record<QuarantineState, Status>> = {
  preparing: { label: 'Preparing', tone: 'running', icon: IconLoader2 },
  quarantined: { label: 'Quarantined', tone: 'succeeded', icon: IconLock },
  blocked: { label: 'Blocked only', tone: 'warning', icon: IconBan },
  released: { label: 'Released', tone: 'cancelled', icon: IconArrowBackUp },
  failed: { label: 'Failed', tone: 'failed', icon: IconCircleX },
  purged: { label: 'Purged', tone: 'cancelled', icon: IconTrash },
};

export function ItemStateBadge({ state }: { readonly state: QuarantineState }): ReactNode {
  return <StatusBadge status={itemStatuses[state]} state={state} />;
}

export const actionStatuses: Readonly<Record<RegistryActionState, Status>> = {
  proposed: { label: 'Needs approval', tone: 'warning', icon: IconUserQuestion },
  approved: { label: 'Waiting', tone: 'queued', icon: IconHourglass },
  running: { label: 'Running', tone: 'running', icon: IconLoader2 },
  done: { label: 'Done', tone: 'succeeded', icon: IconCircleCheck },
  failed: { label: 'Failed', tone: 'failed', icon: IconCircleX },
  rejected: { label: 'Rejected', tone: 'cancelled', icon: IconBan },
};

export function ActionStateBadge({ state }: { readonly state: RegistryActionState }): ReactNode {
  return <StatusBadge status={actionStatuses[state]} state={state} />;
}

export const actionLabels: Readonly<Record<ActionKind, string>> = {
  quarantine: 'Quarantine',
  release: 'Release',
  attach: 'Attach verdict',
};
