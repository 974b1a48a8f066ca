/** Renders only the visible lines, so that long logs scroll smoothly. */
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';

import { ansiClasses } from '../../text/ansi.ts';
import { type LogLine, spansOf } from '../../text/log-lines.ts';

const lineHeightPx = 20;
const spareLines = 30;
const nearEndPx = 40;

interface LogViewProps {
  readonly lines: readonly LogLine[];
  readonly version: number;
  /** Does not scroll when lines arrive. */
  readonly isPaused: boolean;
  /** Index of the line to scroll to and highlight. */
  readonly current: number | undefined;
  readonly emptyText: string;
}

export function LogView({ lines, version, isPaused, current, emptyText }: LogViewProps): ReactNode {
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const sticks = useRef(true);

  useEffect(() => {
    const element = frame.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element !== null && sticks.current && !isPaused) element.scrollTop = element.scrollHeight;
  }, [version, isPaused]);
  useEffect(() => {
    const element = frame.current;
    if (element === null || current === undefined) return;
    sticks.current = false;
    element.scrollTop = Math.max(0, current * lineHeightPx - element.clientHeight / 2);
  }, [current]);

  const first = Math.max(0, Math.floor(top / lineHeightPx) - spareLines);
  const last = Math.min(lines.length, Math.ceil((top + height) / lineHeightPx) + spareLines);
  return (
    <div
      ref={frame}
      className="log"
      role="log"
      aria-live="off"
      aria-label="Log"
      tabIndex={0}
      onScroll={({ currentTarget: element }) => {
        setTop(element.scrollTop);
        const below = element.scrollHeight - element.scrollTop - element.clientHeight;
        sticks.current = below < nearEndPx;
      }}
    >
      {lines.length === 0 && <p className="log-empty">{emptyText}</p>}
      <div className="log-lines" style={{ height: lines.length * lineHeightPx }}>
        <div style={{ transform: `translateY(${first * lineHeightPx}px)` }}>
          {lines.slice(first, last).map((line, index) => (
            <Line key={line.number} line={line} isCurrent={first + index === current} />
          ))}
        </div>
      </div>
    </div>
  );
}

function Line({
  line,
  isCurrent,
}: {
  readonly line: LogLine;
  readonly isCurrent: boolean;
}): ReactNode {
  const classes = ['log-line', line.stream, isCurrent ? 'current' : ''].join(' ');
  return (
    <div className={classes}>
      <span className="log-number" aria-hidden>
        {line.number}
      </span>
      {line.stream === 'stderr' && <span className="log-stream">err</span>}
      <bdi>
        {spansOf(line).map((span, index) => (
          <span
            key={index}
            className={`${ansiClasses(span.style)}${span.escaped ? ' invisible-char' : ''}`}
          >
            {span.text}
          </span>
        ))}
      </bdi>
    </div>
  );
}
