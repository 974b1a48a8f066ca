/**
 * A text area with line numbers, in which problems are marked at their position. The frame scrolls,
 * not the text area, so that lines, numbers and marks always match.
 */
import {
  type ReactNode,
  type RefObject,
  useId,
  useImperativeHandle,
  useRef,
  useState,
} from 'react';

import { plural } from '@lazaret/protocol';

import { PlainText } from './plain-text.tsx';

/** As in editor.css. */
const lineHeightPx = 20;
const linesAbove = 5;

export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

export interface EditorMark extends TextPosition {
  readonly tone: 'failed' | 'warning';
  readonly message: string;
}

export interface EditorHandle {
  /** Moves the cursor to a position and shows it. */
  readonly goTo: (position: TextPosition) => void;
}

interface CodeEditorProps {
  readonly label: string;
  readonly value: string;
  /** The text can only be read without it. */
  readonly onChange?: ((value: string) => void) | undefined;
  readonly marks: readonly EditorMark[];
  readonly handle?: RefObject<EditorHandle | null>;
}

export function CodeEditor({ label, value, onChange, marks, handle }: CodeEditorProps): ReactNode {
  const frame = useRef<HTMLDivElement>(null);
  const text = useRef<HTMLTextAreaElement>(null);
  const help = useId();
  const [cursor, setCursor] = useState<TextPosition>({ line: 1, column: 1 });
  const lines = value.split('\n');
  useImperativeHandle(handle, () => ({
    goTo: ({ line, column }) => {
      const start = offsetOf(lines, { line, column });
      text.current?.focus({ preventScroll: true });
      text.current?.setSelectionRange(start, start + tokenChars(lines[line - 1] ?? '', column));
      frame.current?.scrollTo({ top: (line - 1 - linesAbove) * lineHeightPx, left: 0 });
      frame.current?.scrollIntoView({ block: 'nearest' });
    },
  }));
  const failed = marks.filter(({ tone }) => tone === 'failed').length;
  return (
    <div className="editor">
      <div className="editor-frame" ref={frame}>
        <div className="editor-gutter" aria-hidden>
          {lines.map((_, index) => index + 1).join('\n')}
          {marks.map((mark, index) => (
            <span
              key={index}
              className={`editor-gutter-mark tone-${mark.tone}`}
              style={{ top: topOf(mark) }}
            >
              {mark.line}
            </span>
          ))}
        </div>
        <div className="editor-text" style={{ minWidth: `${widest(lines) + 2}ch` }}>
          <Marks lines={lines} marks={marks} />
          <textarea
            ref={text}
            aria-label={label}
            aria-invalid={failed > 0}
            aria-describedby={help}
            wrap="off"
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            readOnly={onChange === undefined}
            rows={lines.length + 1}
            value={value}
            onChange={(event) => onChange?.(event.currentTarget.value)}
            onSelect={({ currentTarget }) =>
              setCursor(positionOf(currentTarget.value, currentTarget.selectionStart))
            }
          />
        </div>
      </div>
      <div className="editor-foot small dim" id={help}>
        <span className="number">
          Line {cursor.line}, column {cursor.column}
        </span>
        <span className="number">{plural(lines.length, 'line')}</span>
        {onChange === undefined && <span>Read-only</span>}
      </div>
    </div>
  );
}

function Marks({
  lines,
  marks,
}: {
  readonly lines: readonly string[];
  readonly marks: readonly EditorMark[];
}): ReactNode {
  // Of several problems in one line the first is written next to it.
  const first = new Map(marks.toReversed().map((mark) => [mark.line, mark]));
  return (
    <div aria-hidden>
      {marks.map((mark, index) => {
        const line = lines[mark.line - 1] ?? '';
        const style = {
          top: topOf(mark),
          left: `${mark.column - 1}ch`,
          width: `${tokenChars(line, mark.column)}ch`,
        };
        return <span key={index} className={`editor-mark tone-${mark.tone}`} style={style} />;
      })}
      {[...first.values()].map((mark) => (
        <span
          key={mark.line}
          className={`editor-message tone-${mark.tone}`}
          style={{ top: topOf(mark), left: `${charsOf(lines[mark.line - 1] ?? '') + 3}ch` }}
        >
          <PlainText>{mark.message}</PlainText>
        </span>
      ))}
    </div>
  );
}

function topOf({ line }: TextPosition): number {
  return (line - 1) * lineHeightPx;
}

/** Characters from the column to the end of the word. */
function tokenChars(line: string, column: number): number {
  return /^[\w.-]+|^\S?/.exec(line.slice(column - 1))?.[0].length || 1;
}

function offsetOf(lines: readonly string[], { line, column }: TextPosition): number {
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return before + Math.min(column - 1, (lines[line - 1] ?? '').length);
}

function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

function widest(lines: readonly string[]): number {
  return lines.reduce((most, line) => Math.max(most, charsOf(line)), 0);
}

/** Width in columns: letters beyond Latin may take two. */
function charsOf(line: string): number {
  return line.length + (line.match(/[^\u0000-\u02ff]/g)?.length ?? 0);
}
