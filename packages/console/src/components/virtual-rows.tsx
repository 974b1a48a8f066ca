/** Renders only the visible rows of a long list of rows of equal height. */
import {
  type KeyboardEventHandler,
  type MouseEvent,
  type ReactNode,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
  type Ref,
} from 'react';

const spareRows = 20;

export interface VirtualRowsHandle {
  /** Scrolls the row into view if it is not visible. */
  reveal(index: number): void;
}

interface VirtualRowsProps {
  readonly count: number;
  readonly rowHeightPx: number;
  readonly renderRow: (index: number) => ReactNode;
  readonly label: string;
  readonly className: string;
  readonly role?: string;
  readonly activeId?: string | undefined;
  readonly onKeyDown?: KeyboardEventHandler<HTMLDivElement>;
  /** A row with this `data-index` was clicked. */
  readonly onRowClick?: (index: number) => void;
  readonly ref?: Ref<VirtualRowsHandle>;
}

export function VirtualRows(props: VirtualRowsProps): ReactNode {
  const { count, rowHeightPx, renderRow, label, className, role = 'region' } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useImperativeHandle(props.ref, () => ({
    reveal(index) {
      const element = frame.current;
      if (element === null) return;
      const start = index * rowHeightPx;
      const isAbove = start < element.scrollTop;
      const isBelow = start + rowHeightPx > element.scrollTop + element.clientHeight;
      if (isAbove || isBelow) element.scrollTop = Math.max(0, start - element.clientHeight / 3);
    },
  }));
  const first = Math.max(0, Math.floor(top / rowHeightPx) - spareRows);
  const last = Math.min(count, Math.ceil((top + height) / rowHeightPx) + spareRows);
  const behaviour = {
    role,
    onKeyDown: props.onKeyDown,
    onClick: ({ target }: MouseEvent) => {
      const row = target instanceof Element ? target.closest('[data-index]') : null;
      if (row !== null) props.onRowClick?.(Number(row.getAttribute('data-index')));
    },
  };
  return (
    <div
      ref={frame}
      className={`virtual-rows ${className}`}
      aria-label={label}
      aria-activedescendant={props.activeId}
      tabIndex={0}
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
      {...behaviour}
    >
      <div className="virtual-body" role="presentation" style={{ height: count * rowHeightPx }}>
        <div role="presentation" style={{ transform: `translateY(${first * rowHeightPx}px)` }}>
          {Array.from({ length: Math.max(0, last - first) }, (_, index) =>
            renderRow(first + index),
          )}
        </div>
      </div>
    </div>
  );
}
