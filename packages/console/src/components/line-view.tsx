/** Renders only the visible lines, so that long texts scroll smoothly. */
import { type ReactNode, useEffect, useRef, useState } from 'react';

import { PlainText } from './plain-text.tsx';

const lineHeightPx = 20;
const spareLines = 40;

interface LineViewProps {
  readonly lines: readonly string[];
  readonly label: string;
}

export function LineView({ lines, label }: LineViewProps): ReactNode {
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
  const first = Math.max(0, Math.floor(top / lineHeightPx) - spareLines);
  const last = Math.min(lines.length, Math.ceil((top + height) / lineHeightPx) + spareLines);
  return (
    <div
      ref={frame}
      className="code line-view"
      role="region"
      aria-label={label}
      tabIndex={0}
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
    >
      <div className="log-lines" style={{ height: lines.length * lineHeightPx }}>
        <div style={{ transform: `translateY(${first * lineHeightPx}px)` }}>
          {lines.slice(first, last).map((line, index) => (
            <div key={first + index} className="log-line mono">
              <PlainText>{line}</PlainText>
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
