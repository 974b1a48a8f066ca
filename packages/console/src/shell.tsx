import { ActionIcon, Drawer, Loader } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { asProblem } from '@lazaret/protocol';
import { IconMenu2, IconSearch } from '@tabler/icons-react';
import { Link, Outlet, useLocation, useRouter } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';

import { Logo } from './components/logo.tsx';
import { ProblemNotice } from './components/notice.tsx';
import { useSearchKeys } from './live/use-search-keys.ts';
import { SearchPalette } from './pages/search/search-palette.tsx';
import { Sidebar } from './sidebar.tsx';
import { useIdentityQuery } from './session.ts';

/** Layout of all signed-in pages: navigation in a sidebar or a drawer. */
export function Shell(): ReactNode {
  const identity = useIdentityQuery();
  const { pathname } = useLocation();
  const isSignedOut = useSignInRedirect(identity);
  const [open, drawer] = useDisclosure(false);
  const [searching, search] = useDisclosure(false);
  useSearchKeys(search.open);
  const main = useRef<HTMLElement>(null);
  const { close } = drawer;
  useEffect(close, [pathname, close]);

  if (identity.data === undefined) {
    return (
      <main className="sign-in-main" style={{ minHeight: '100dvh' }}>
        {identity.error === null || isSignedOut ? (
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
        Skip to content
      </a>
      <div className="topbar">
        <ActionIcon
          variant="transparent"
          c="white"
          size="lg"
          onClick={drawer.open}
          aria-label="Open navigation"
        >
          <IconMenu2 size={22} />
        </ActionIcon>
        <Link to="/" className="brand">
          <Logo size={24} /> Lazaret
        </Link>
        <ActionIcon
          variant="transparent"
          c="white"
          size="lg"
          ml="auto"
          onClick={search.open}
          aria-label="Search"
        >
          <IconSearch size={21} />
        </ActionIcon>
      </div>
      <SearchPalette isOpen={searching} onClose={search.close} />
      <Drawer.Root opened={open} onClose={close} size={250} padding={0} lockScroll={false}>
        <Drawer.Overlay />
        <Drawer.Content aria-label="Navigation">
          <Sidebar className="sidebar drawer-sidebar" />
        </Drawer.Content>
      </Drawer.Root>
      <div className="shell">
        <Sidebar className="sidebar" />
        <main className="page" id="content" ref={main} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </>
  );
}

/** Redirects to the sign-in page once, and remembers the requested page. */
function useSignInRedirect(identity: ReturnType<typeof useIdentityQuery>): boolean {
  const router = useRouter();
  const code = asProblem(identity.error)?.code;
  const isSignedOut = identity.data === undefined && code === 'unauthenticated';
  useEffect(() => {
    if (!isSignedOut) return;
    const { href } = router.latestLocation;
    const search = href === '/' || href.startsWith('/sign-in') ? {} : { to: href };
    void router.navigate({ to: '/sign-in', search, replace: true });
  }, [isSignedOut, router]);
  return isSignedOut;
}
