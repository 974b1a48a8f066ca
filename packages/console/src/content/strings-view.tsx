/** The strings of a file as a table with filters, and the entropy of its blocks. */
import { NumberInput, Select, TextInput } from '@mantine/core';
import { plural } from '@lazaret/protocol';
import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useMemo, useRef, useState } from 'react';

import { Copy, Copyable } from '../components/copy.tsx';
import { Notice } from '../components/notice.tsx';
import { PlainText } from '../components/plain-text.tsx';
import { VirtualRows, type VirtualRowsHandle } from '../components/virtual-rows.tsx';
import { EntropyChart } from './entropy-chart.tsx';
import {
  countKinds,
  filterStrings,
  type StringFilter,
  type StringKind,
  stringKinds,
  type StringRow,
  type StringSort,
  type StringsResult,
} from './strings-result.ts';

const rowHeightPx = 26;
const shownChars = 400;

const kindLabels: Readonly<Record<StringKind, string>> = {
  url: 'URL',
  email: 'Email',
  ip: 'IP address',
  domain: 'Domain',
  path: 'Path',
  registry: 'Registry key',
  library: 'Library',
  base64: 'Base64',
  text: 'Other text',
};

export function StringsView({ result }: { readonly result: StringsResult }): ReactNode {
  const [filter, setFilter] = useState<StringFilter>({
    ...{ text: '', encoding: '', kind: '', minLength: 0, sort: 'offset', descending: false },
  });
  const view = useRef<VirtualRowsHandle>(null);
  const rows = useMemo(() => filterStrings(result.rows, filter), [result, filter]);
  const change = (part: Partial<StringFilter>): void => setFilter({ ...filter, ...part });
  const showOffset = (offset: number): void => {
    const sorted = filterStrings(result.rows, { ...filter, sort: 'offset', descending: false });
    change({ sort: 'offset', descending: false });
    const at = sorted.findIndex((row) => row.offset >= offset);
    requestAnimationFrame(() => view.current?.reveal(at < 0 ? sorted.length - 1 : at));
  };
  return (
    <div className="stack">
      <StringsFacts result={result} />
      <EntropyChart entropy={result.entropy} sizeBytes={result.sizeBytes} onChoose={showOffset} />
      {result.isTruncated && (
        <Notice tone="warning" title="Not all strings are in the result">
          <p>
            The engine found {plural(result.found, 'string')} and kept{' '}
            {plural(result.rows.length, 'string')}. The parameters of the job set the limit.
          </p>
        </Notice>
      )}
      <StringsFilters result={result} filter={filter} onChange={change} />
      <div className="strings-table">
        <StringsHead filter={filter} onChange={change} />
        <VirtualRows
          ref={view}
          className="strings-rows"
          label={`Strings, ${rows.length} of ${result.rows.length}`}
          count={rows.length}
          rowHeightPx={rowHeightPx}
          renderRow={(index) => {
            const row = rows[index];
            return row === undefined ? null : <StringLine key={index} row={row} />;
          }}
        />
      </div>
      <p className="dim small" role="status">
        {plural(rows.length, 'string')} of {result.rows.length.toLocaleString('en')}
      </p>
    </div>
  );
}

function StringsFacts({ result }: { readonly result: StringsResult }): ReactNode {
  const sha256 = result.hashes.find(([name]) => name === 'sha256')?.[1];
  const md5 = result.hashes.find(([name]) => name === 'md5')?.[1];
  return (
    <dl className="fields wide-fields">
      <div className="wide">
        <dt>Type</dt>
        <dd className="break">
          <PlainText>{result.type.description ?? result.type.mime ?? 'unknown'}</PlainText>
        </dd>
      </div>
      {sha256 !== undefined && (
        <div>
          <dt>SHA-256</dt>
          <dd>
            <Copyable value={sha256} label="the SHA-256" chars={20} />
          </dd>
        </div>
      )}
      {md5 !== undefined && (
        <div>
          <dt>MD5</dt>
          <dd>
            <Copyable value={md5} label="the MD5" chars={20} />
          </dd>
        </div>
      )}
    </dl>
  );
}

interface FiltersProps {
  readonly result: StringsResult;
  readonly filter: StringFilter;
  readonly onChange: (part: Partial<StringFilter>) => void;
}

function StringsFilters({ result, filter, onChange }: FiltersProps): ReactNode {
  const counts = useMemo(() => countKinds(result.rows), [result]);
  const encodings = useMemo(() => [...new Set(result.rows.map((row) => row.encoding))], [result]);
  return (
    <div className="stack tight">
      <div className="chips" role="group" aria-label="Kind of string">
        <KindChip label="All" isOn={filter.kind === ''} onUse={() => onChange({ kind: '' })} />
        {stringKinds
          .filter((kind) => counts.has(kind))
          .map((kind) => (
            <KindChip
              key={kind}
              label={`${kindLabels[kind]} ${(counts.get(kind) ?? 0).toLocaleString('en')}`}
              isOn={filter.kind === kind}
              onUse={() => onChange({ kind: filter.kind === kind ? '' : kind })}
            />
          ))}
      </div>
      <div className="filters">
        <TextInput
          aria-label="Part of a string"
          placeholder="Part of a string"
          leftSection={<IconSearch size={16} />}
          value={filter.text}
          spellCheck={false}
          onChange={(event) => onChange({ text: event.currentTarget.value })}
        />
        <Select
          aria-label="Encoding"
          placeholder="Any encoding"
          data={encodings}
          value={filter.encoding === '' ? null : filter.encoding}
          onChange={(encoding) => onChange({ encoding: encoding ?? '' })}
          clearable
        />
        <NumberInput
          aria-label="Minimum length"
          placeholder="Minimum length"
          min={0}
          allowDecimal={false}
          value={filter.minLength === 0 ? '' : filter.minLength}
          onChange={(value) => onChange({ minLength: typeof value === 'number' ? value : 0 })}
        />
      </div>
    </div>
  );
}

interface KindChipProps {
  readonly label: string;
  readonly isOn: boolean;
  readonly onUse: () => void;
}

function KindChip({ label, isOn, onUse }: KindChipProps): ReactNode {
  return (
    <button type="button" className="chip" aria-pressed={isOn} onClick={onUse}>
      {label}
    </button>
  );
}

const columns: readonly { readonly sort?: StringSort; readonly label: string }[] = [
  { sort: 'offset', label: 'Offset' },
  { sort: 'kind', label: 'Kind' },
  { label: 'Encoding' },
  { sort: 'length', label: 'Length' },
  { sort: 'text', label: 'String' },
];

function StringsHead({ filter, onChange }: Pick<FiltersProps, 'filter' | 'onChange'>): ReactNode {
  return (
    <div className="strings-line strings-head">
      {columns.map(({ sort, label }) =>
        sort === undefined ? (
          <span key={label}>{label}</span>
        ) : (
          <button
            key={label}
            type="button"
            className="sort-button"
            aria-label={`Sort by ${label.toLowerCase()}`}
            aria-pressed={filter.sort === sort}
            onClick={() =>
              onChange({ sort, descending: filter.sort === sort && !filter.descending })
            }
          >
            {label}
            {filter.sort === sort && <span aria-hidden>{filter.descending ? ' ↓' : ' ↑'}</span>}
          </button>
        ),
      )}
    </div>
  );
}

function StringLine({ row }: { readonly row: StringRow }): ReactNode {
  return (
    <div className="strings-line">
      <span className="mono number dim" title={`${row.offset}`}>
        0x{row.offset.toString(16)}
      </span>
      <span className={`string-kind ${row.kind}`}>
        {row.kind === 'text' ? '' : kindLabels[row.kind]}
      </span>
      <span className="dim">{row.encoding}</span>
      <span className="number dim">{row.lengthChars.toLocaleString('en')}</span>
      <span className="mono strings-text">
        <PlainText>{row.text.slice(0, shownChars)}</PlainText>
      </span>
      <Copy value={row.text} label="the string" />
    </div>
  );
}
