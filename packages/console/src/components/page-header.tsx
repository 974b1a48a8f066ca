import { type ReactNode, useEffect } from 'react';

interface PageHeaderProps {
  readonly title: string;
  readonly eyebrow?: ReactNode;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** Page header; also sets the document title. */
export function PageHeader({ title, eyebrow, children, actions }: PageHeaderProps): ReactNode {
  useEffect(() => {
    document.title = `${title} · Lazaret`;
  }, [title]);
  return (
    <header className="page-head">
      <div className="grow">
        {eyebrow !== undefined && <div className="eyebrow">{eyebrow}</div>}
        <h1 className="break" tabIndex={-1}>
          {title}
        </h1>
        {children !== undefined && <p>{children}</p>}
      </div>
      {actions !== undefined && <div className="row">{actions}</div>}
    </header>
  );
}
