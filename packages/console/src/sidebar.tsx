import { operations } from '@lazaret/protocol';
import {
  type Icon,
  IconApi,
  IconBell,
  IconBook,
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
  IconUpload,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { serverUrl } from './base-urls.ts';
import { useOperation } from './data.ts';
import { Logo } from './components/logo.tsx';
import { SchemeSwitch } from './components/scheme-switch.tsx';
import { UserMenu } from './components/user-menu.tsx';
import { useAllowed } from './session.ts';

const navItems = [
  { to: '/', label: 'Overview', icon: IconLayoutDashboard },
  { to: '/jobs', label: 'Jobs', icon: IconListDetails },
  { to: '/images', label: 'Images', icon: IconPackages },
  { to: '/arrivals', label: 'Arrivals', icon: IconPackageImport },
  { to: '/decisions', label: 'Decisions', icon: IconGavel },
  { to: '/policies', label: 'Policies', icon: IconChecklist },
  { to: '/exceptions', label: 'Exceptions', icon: IconShieldOff },
  { to: '/registries', label: 'Registries', icon: IconBuildingWarehouse },
  { to: '/quarantine', label: 'Quarantine', icon: IconLock },
  { to: '/search', label: 'Search', icon: IconSearch },
  { to: '/engines', label: 'Engines', icon: IconMicroscope },
  { to: '/nodes', label: 'Nodes', icon: IconCpu2 },
] as const;

/** The navigation. */
export function Sidebar({ className }: { readonly className: string }): ReactNode {
  const maySubmit = useAllowed('jobs.submit');
  const mayAudit = useAllowed('audit.read');
  const mayNotify = useAllowed('notifications.manage');
  const { data } = useOperation(operations.system.show, {}, { refetchMs: 60_000 });
  return (
    <aside className={className} aria-label="Navigation">
      <Link to="/" className="brand">
        <Logo /> Lazaret
      </Link>
      <nav aria-label="Pages">
        {maySubmit && (
          <Link to="/submit" className="sidebar-link primary">
            <IconUpload size={18} aria-hidden /> Submit a file
          </Link>
        )}
        {navItems.map((item) => (
          <SidebarLink key={item.to} {...item} />
        ))}
        {mayNotify && <SidebarLink to="/notifications" label="Notifications" icon={IconBell} />}
        {mayAudit && <SidebarLink to="/audit" label="Audit" icon={IconScript} />}
        <SidebarLink to="/settings" label="Settings" icon={IconSettings} />
      </nav>
      <div className="sidebar-footer">
        <SchemeSwitch />
        <UserMenu />
        <div className="sidebar-links">
          <a href={`${serverUrl}/docs/`} target="_blank" rel="noreferrer">
            <IconBook size={16} aria-hidden /> Docs
          </a>
          <a href={`${serverUrl}/api/`} target="_blank" rel="noreferrer">
            <IconApi size={16} aria-hidden /> API
          </a>
        </div>
        {data !== undefined && <div className="sidebar-version">Lazaret {data.version}</div>}
      </div>
    </aside>
  );
}

interface SidebarLinkProps {
  readonly to: (typeof navItems)[number]['to'] | '/audit' | '/notifications' | '/settings';
  readonly label: string;
  readonly icon: Icon;
}

function SidebarLink({ to, label, icon: LinkIcon }: SidebarLinkProps): ReactNode {
  return (
    <Link
      to={to}
      className="sidebar-link"
      activeOptions={{ exact: to === '/', includeSearch: false }}
    >
      <LinkIcon size={18} stroke={1.8} aria-hidden /> {label}
      {to === '/search' && (
        <kbd className="sidebar-key" title="Press / or Ctrl-K on any page">
          /
        </kbd>
      )}
    </Link>
  );
}
