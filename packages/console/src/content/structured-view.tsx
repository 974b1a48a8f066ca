/** JSON and NDJSON: read completely up to a limit, then shown in the view for the document. */
import { formatSize, limits } from '@lazaret/protocol';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo } from 'react';

import { Notice } from '../components/notice.tsx';
import { QueryView } from '../components/query-view.tsx';
import { type JsonRoot, parseJson, parseNdjson } from './json-document.ts';
import { JsonView } from './json-view.tsx';
import type { ContentSource } from './source.ts';
import { readStringsResult, type StringsResult } from './strings-result.ts';
import { StringsView } from './strings-view.tsx';

/** One document, a document for each line, or the strings of a file. */
type DocumentForm = 'document' | 'lines' | 'strings';

interface StructuredViewProps {
  readonly source: ContentSource;
  readonly label: string;
  readonly form: DocumentForm;
  /** The complete text, if the preview already has it. */
  readonly text: string | undefined;
}

export function StructuredView(props: StructuredViewProps): ReactNode {
  const { source, text } = props;
  const query = useQuery({
    queryKey: ['document', source.key],
    enabled: text === undefined,
    queryFn: async ({ signal }) => {
      const { bytes, isTruncated } = await source.readStart(limits.previewBytes, signal);
      return { text: new TextDecoder().decode(bytes, { stream: isTruncated }), isTruncated };
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  if (text !== undefined) return <Document {...props} document={{ text, isTruncated: false }} />;
  return (
    <QueryView query={query} rows={6}>
      {(document) => <Document {...props} document={document} />}
    </QueryView>
  );
}

interface DocumentProps extends StructuredViewProps {
  readonly document: { readonly text: string; readonly isTruncated: boolean };
}

function Document({ label, form, document }: DocumentProps): ReactNode {
  const { text, isTruncated } = document;
  const parsed = useMemo(() => parse({ text, form, isTruncated }), [text, form, isTruncated]);
  if ('problem' in parsed) {
    return (
      <Notice tone="warning" title="Not shown as a tree">
        <p>{parsed.problem} The text view shows its start; download the file to read all of it.</p>
      </Notice>
    );
  }
  if (parsed.strings !== undefined) return <StringsView result={parsed.strings} />;
  return (
    <>
      {isTruncated && (
        <Notice tone="warning" title="Only the first lines are shown">
          <p>The file is larger than {formatSize(text.length)}. Download it to read all of it.</p>
        </Notice>
      )}
      <JsonView roots={parsed.roots} label={label} />
    </>
  );
}

interface ParseAsk {
  readonly text: string;
  readonly form: DocumentForm;
  readonly isTruncated: boolean;
}

interface Parsed {
  readonly roots: readonly JsonRoot[];
  readonly strings: StringsResult | undefined;
}

function parse({ text, form, isTruncated }: ParseAsk): Parsed | { problem: string } {
  if (form === 'lines') return { roots: parseNdjson(text, isTruncated), strings: undefined };
  if (isTruncated) return { problem: `The document is larger than ${formatSize(text.length)}.` };
  try {
    const value = parseJson(text);
    return {
      roots: [{ line: undefined, value, isInvalid: false }],
      strings: form === 'strings' ? readStringsResult(value) : undefined,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'invalid';
    return { problem: `The file is not valid JSON: ${reason}.` };
  }
}
