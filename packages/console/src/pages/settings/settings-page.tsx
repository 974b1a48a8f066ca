import { Link, Outlet } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { PageHeader } from '../../components/page-header.tsx';
import { useAllowed } from '../../session.ts';

export function SettingsPage(): ReactNode {
  const mayUsers = useAllowed('users.manage');
  const mayReadImages = useAllowed('images.read');
  return (
    <>
      <PageHeader title="Settings" />
      <nav className="settings-tabs" aria-label="Settings">
        <SettingsTab to="/settings/tokens" label="Tokens" />
        <SettingsTab to="/settings/password" label="Password" />
        {mayUsers && <SettingsTab to="/settings/users" label="Users" />}
        <SettingsTab to="/settings/projects" label="Projects" />
        {mayReadImages && <SettingsTab to="/settings/scanners" label="Scanners and registries" />}
      </nav>
      <Outlet />
    </>
  );
}

interface SettingsTabProps {
  readonly to: `/settings/${'tokens' | 'password' | 'users' | 'projects' | 'scanners'}`;
  readonly label: string;
}

function SettingsTab({ to, label }: SettingsTabProps): ReactNode {
  return (
    <Link to={to} className="settings-tab">
      {label}
    </Link>
  );
}
