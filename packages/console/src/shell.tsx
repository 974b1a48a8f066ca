import { ActionIcon, Drawer, Loader } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { asProblem } from '@lazaret/protocol';
import { IconMenu2 } from '@tabler/icons-react';
import { Link, Navigate, Outlet, useLocation } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';

import { Logo } from './parts/logo.tsx';
import { ProblemNotice } from './parts/notice.tsx';
import { Rail } from './rail.tsx';
import { useIdentityQuery } from './session.ts';

/** The frame of every page behind the sign-in: navigation at the side or in a drawer. */
export function Shell(): ReactNode {
  const identity = useIdentityQuery();
  const { href, pathname } = useLocation();
  const [open, drawer] = useDisclosure(false);
  const main = useRef<HTMLElement>(null);
  const { close } = drawer;
  useEffect(close, [pathname, close]);

  if (identity.data === undefined) {
    if (asProblem(identity.error)?.code === 'unauthenticated') {
      return <Navigate to="/sign-in" search={href === '/' ? {} : { to: href }} replace />;
    }
    return (
      <main className="quay-form" style={{ minHeight: '100dvh' }}>
        {identity.error === null ? (
          <Loader aria-label="Loading" />
        ) : (
          <ProblemNotice error={identity.error} retry={() => void identity.refetch()} />
        )}
      </main>
    );
  }
  return (
    <>
      <a
        className="skip-link"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <div className="topbar">
        <ActionIcon
          variant="transparent"
          c="white"
          size="lg"
          onClick={drawer.open}
          aria-label="Open the navigation"
        >
          <IconMenu2 size={22} />
        </ActionIcon>
        <Link to="/" className="brand">
          <Logo size={24} /> Lazaret
        </Link>
      </div>
      <Drawer
        opened={open}
        onClose={close}
        size={250}
        padding={0}
        withCloseButton={false}
        aria-label="Navigation"
      >
        <Rail className="rail drawer-rail" />
      </Drawer>
      <div className="shell">
        <Rail className="rail" />
        <main className="page" id="content" ref={main} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </>
  );
}
