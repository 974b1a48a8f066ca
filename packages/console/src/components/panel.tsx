import { type ReactNode, useEffect, useId, useRef } from 'react';

import { PartBoundary } from './part-boundary.tsx';

interface PanelProps {
  readonly title?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** Fragment of links to this section, which may be loaded after the page. */
  readonly fragment?: string;
  /** Without padding, for tables. */
  readonly flush?: boolean;
}

/** A titled section of a page; if its content fails, the other sections are still shown. */
export function Panel({ title, actions, children, flush, fragment }: PanelProps): ReactNode {
  const id = useId();
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    if (fragment !== undefined && window.location.hash === `#${fragment}`)
      section.current?.scrollIntoView();
  }, [fragment]);
  if (title === undefined) {
    return (
      <section className="panel">
        <PartBoundary>{children}</PartBoundary>
      </section>
    );
  }
  return (
    <section className="panel" aria-labelledby={id} id={fragment} ref={section}>
      <div className="panel-head">
        <h2 id={id}>{title}</h2>
        {actions !== undefined && <div className="row">{actions}</div>}
      </div>
      <div className={flush === true ? 'panel-body flush' : 'panel-body'}>
        <PartBoundary>{children}</PartBoundary>
      </div>
    </section>
  );
}
