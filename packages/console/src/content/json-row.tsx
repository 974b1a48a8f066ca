import { plural } from '@lazaret/protocol';
import { IconChevronRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { Copy } from '../components/copy.tsx';
import { PlainText } from '../components/plain-text.tsx';
import { rowIndent } from '../components/row-indent.ts';
import {
  childCount,
  isContainer,
  type JsonRow,
  type JsonValue,
  pathOf,
  plainValue,
  RawNumber,
  toText,
} from './json-document.ts';

export const jsonRowHeightPx = 24;
const shownChars = 300;
const detailChars = 20_000;

interface JsonRowViewProps {
  readonly row: JsonRow;
  readonly index: number;
  readonly isOpen: boolean;
  readonly isSelected: boolean;
}

/** One line of the tree: the key, and the value or the number of children. */
export function JsonRowView(props: JsonRowViewProps): ReactNode {
  const { row, index, isOpen, isSelected } = props;
  const { key, value, level, omitted } = row;
  const hasChildren = isContainer(value) && childCount(value) > 0;
  return (
    <div
      id={`json-row-${index}`}
      className="json-row"
      data-index={index}
      tabIndex={-1}
      role="treeitem"
      aria-level={level}
      aria-selected={isSelected}
      aria-expanded={hasChildren ? isOpen : undefined}
      style={rowIndent(level)}
    >
      <IconChevronRight
        size={13}
        aria-hidden
        className={`chevron${isOpen ? ' open' : ''}${hasChildren ? '' : ' none'}`}
      />
      {omitted === undefined ? (
        <>
          {key !== undefined && (
            <span className={typeof key === 'number' ? 'dim' : 'json-key'}>
              <PlainText>{String(key).slice(0, shownChars)}</PlainText>
              <span className="dim">: </span>
            </span>
          )}
          <Value value={value} isInvalid={row.isInvalid} />
        </>
      ) : (
        <span className="dim">
          {plural(omitted, 'more value')}, not shown: close other branches or download the file
        </span>
      )}
    </div>
  );
}

function Value({
  value,
  isInvalid,
}: {
  readonly value: JsonValue;
  readonly isInvalid: boolean;
}): ReactNode {
  if (isContainer(value)) return <span className="dim">{describeContainer(value)}</span>;
  if (isInvalid) {
    return (
      <span className="json-invalid">
        not JSON: <PlainText>{String(value).slice(0, shownChars)}</PlainText>
      </span>
    );
  }
  if (typeof value !== 'string') {
    return <span className={`json-${kindOf(value)}`}>{plainValue(value)}</span>;
  }
  const rest = value.length - shownChars;
  return (
    <span className="json-string">
      <PlainText>{JSON.stringify(value.slice(0, shownChars)).slice(1, -1)}</PlainText>
      {rest > 0 && <span className="dim"> +{plural(rest, 'character')}</span>}
    </span>
  );
}

function kindOf(value: number | boolean | null | RawNumber): 'number' | 'word' {
  return typeof value === 'number' || value instanceof RawNumber ? 'number' : 'word';
}

function describeContainer(value: Parameters<typeof childCount>[0]): string {
  const count = childCount(value);
  if (Array.isArray(value)) return count === 0 ? '[ ]' : `[ ${count.toLocaleString('en')} ]`;
  return count === 0 ? '{ }' : `{ ${count.toLocaleString('en')} }`;
}

/** The complete value of the selected row, and its path. */
export function JsonSelection({ row }: { readonly row: JsonRow }): ReactNode {
  const path = pathOf(row);
  const text = toText(row.value);
  return (
    <div className="json-selection">
      <div className="row between">
        <span className="mono small break">
          <PlainText>{path}</PlainText>
        </span>
        <span className="row tight nowrap small">
          Path <Copy value={path} label="the path" /> Value <Copy value={text} label="the value" />
        </span>
      </div>
      {!isContainer(row.value) && (
        <pre className="code wraps json-full" tabIndex={0} aria-label="Selected value">
          <PlainText>{text.slice(0, detailChars)}</PlainText>
          {text.length > detailChars && (
            <span className="dim"> +{plural(text.length - detailChars, 'character')}</span>
          )}
        </pre>
      )}
    </div>
  );
}
