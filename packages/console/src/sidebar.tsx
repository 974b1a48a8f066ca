import { operations } from '@lazaret/protocol';
import { IconApi, IconBook, IconUpload } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { serverUrl } from './base-urls.ts';
import { useOperation } from './data.ts';
import { Logo } from './components/logo.tsx';
import { SchemeSwitch } from './components/scheme-switch.tsx';
import { UserMenu } from './components/user-menu.tsx';
import { type NavPage, useNavPages } from './nav-pages.ts';
import { useAllowed } from './session.ts';

/** The navigation. */
export function Sidebar({ className }: { readonly className: string }): ReactNode {
  const maySubmit = useAllowed('jobs.submit');
  const pages = useNavPages();
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
        {pages.map((page) => (
          <SidebarLink key={page.to} {...page} />
        ))}
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

function SidebarLink({ to, label, icon: LinkIcon }: NavPage): ReactNode {
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
