import { operations } from '@lazaret/protocol';
import {
  type Icon,
  IconCpu2,
  IconLayoutDashboard,
  IconListDetails,
  IconMicroscope,
  IconPackages,
  IconScript,
  IconSearch,
  IconSettings,
  IconUpload,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { useOperation } from './data.ts';
import { Logo } from './parts/logo.tsx';
import { SchemeSwitch } from './parts/scheme-switch.tsx';
import { UserMenu } from './parts/user-menu.tsx';
import { useAllowed } from './session.ts';

const places = [
  { to: '/', label: 'Overview', icon: IconLayoutDashboard },
  { to: '/jobs', label: 'Jobs', icon: IconListDetails },
  { to: '/images', label: 'Images', icon: IconPackages },
  { to: '/search', label: 'Search', icon: IconSearch },
  { to: '/engines', label: 'Engines', icon: IconMicroscope },
  { to: '/nodes', label: 'Nodes', icon: IconCpu2 },
] as const;

/** The navigation. */
export function Rail({ className }: { readonly className: string }): ReactNode {
  const maySubmit = useAllowed('jobs.submit');
  const mayAudit = useAllowed('audit.read');
  const { data } = useOperation(operations.system.show, {}, { everyMs: 60_000 });
  return (
    <aside className={className} aria-label="Navigation">
      <Link to="/" className="brand">
        <Logo /> Lazaret
      </Link>
      <nav aria-label="Pages">
        {maySubmit && (
          <Link to="/submit" className="rail-link primary">
            <IconUpload size={18} aria-hidden /> Submit a file
          </Link>
        )}
        {places.map((place) => (
          <RailLink key={place.to} {...place} />
        ))}
        {mayAudit && <RailLink to="/audit" label="Audit" icon={IconScript} />}
        <RailLink to="/settings" label="Settings" icon={IconSettings} />
      </nav>
      <div className="rail-foot">
        <SchemeSwitch />
        <UserMenu />
        {data !== undefined && <div className="rail-version">Lazaret {data.version}</div>}
      </div>
    </aside>
  );
}

interface RailLinkProps {
  readonly to: (typeof places)[number]['to'] | '/audit' | '/settings';
  readonly label: string;
  readonly icon: Icon;
}

function RailLink({ to, label, icon: LinkIcon }: RailLinkProps): ReactNode {
  return (
    <Link to={to} className="rail-link" activeOptions={{ exact: to === '/', includeSearch: false }}>
      <LinkIcon size={18} stroke={1.8} aria-hidden /> {label}
    </Link>
  );
}
