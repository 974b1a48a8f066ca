/** The pages of the menu, which the search by keyboard offers as well. */
import {
  type Icon,
  IconBell,
  IconBuildingWarehouse,
  IconChecklist,
  IconCpu2,
  IconGavel,
  IconLayoutDashboard,
  IconListDetails,
  IconLock,
  IconMicroscope,
  IconPackageImport,
  IconPackages,
  IconScript,
  IconSearch,
  IconSettings,
  IconShieldOff,
  IconWebhook,
} from '@tabler/icons-react';

import { useAllowed } from './session.ts';

const pages = [
  { to: '/', label: 'Overview', icon: IconLayoutDashboard },
  { to: '/jobs', label: 'Jobs', icon: IconListDetails },
  { to: '/images', label: 'Images', icon: IconPackages },
  { to: '/arrivals', label: 'Arrivals', icon: IconPackageImport },
  { to: '/decisions', label: 'Decisions', icon: IconGavel },
  { to: '/policies', label: 'Policies', icon: IconChecklist },
  { to: '/exceptions', label: 'Exceptions', icon: IconShieldOff },
  { to: '/registries', label: 'Registries', icon: IconBuildingWarehouse },
  { to: '/hooks', label: 'Hooks', icon: IconWebhook },
  { to: '/quarantine', label: 'Quarantine', icon: IconLock },
  { to: '/search', label: 'Search', icon: IconSearch },
  { to: '/engines', label: 'Engines', icon: IconMicroscope },
  { to: '/nodes', label: 'Nodes', icon: IconCpu2 },
  { to: '/notifications', label: 'Notifications', icon: IconBell },
  { to: '/audit', label: 'Audit', icon: IconScript },
  { to: '/settings', label: 'Settings', icon: IconSettings },
] as const;

export interface NavPage {
  readonly to: (typeof pages)[number]['to'];
  readonly label: string;
  readonly icon: Icon;
}

/** Pages that the user may use. */
export function useNavPages(): readonly NavPage[] {
  const hidden = new Set<string>();
  if (!useAllowed('hooks.manage')) hidden.add('/hooks');
  if (!useAllowed('notifications.manage')) hidden.add('/notifications');
  if (!useAllowed('audit.read')) hidden.add('/audit');
  return pages.filter(({ to }) => !hidden.has(to));
}
