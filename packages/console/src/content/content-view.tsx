/**
 * The view for the type of a file: tree of an archive, tree of JSON, strings table, text or hex.
 * Nothing of an untrusted file is rendered as markup, script or image.
 */
import { Button, SegmentedControl } from '@mantine/core';
import { escapeInvisible, formatSize, limits } from '@lazaret/protocol';
import { IconDownload, IconFolderOpen } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';

import { LineView } from '../components/line-view.tsx';
import { PlainText } from '../components/plain-text.tsx';
import { QueryView } from '../components/query-view.tsx';
import { hexDump } from '../text/hex-dump.ts';
import { ArchiveView, type OpenArchive } from './archive-view.tsx';
import { type Detected, detectContent } from './detect.ts';
import type { ContentSource, ContentStart } from './source.ts';
import { stringsFormat } from './strings-result.ts';
import { StructuredView } from './structured-view.tsx';
import { TextView } from './text-view.tsx';

type View = 'archive' | 'strings' | 'structured' | 'text' | 'hex';

const viewLabels: Readonly<Record<View, string>> = {
  archive: 'Members',
  strings: 'Strings',
  structured: 'Tree',
  text: 'Text',
  hex: 'Hex',
};

/** Read first: enough to detect the format, and for text and hex. */
const startBytes = 256 * 1024;

interface ContentViewProps {
  readonly source: ContentSource;
  /** The file is inside an archive, whose view opens nested archives. */
  readonly onOpenArchive?: OpenArchive;
}

export function ContentView({ source, onOpenArchive }: ContentViewProps): ReactNode {
  const query = useQuery({
    queryKey: ['content', source.key],
    queryFn: ({ signal }) => source.readStart(startBytes, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <div className="content-view stack tight">
      <QueryView query={query} rows={5}>
        {(start) => (
          <LoadedContent
            source={source}
            onOpenArchive={onOpenArchive}
            start={start}
            detected={detectContent(start.bytes, start.isTruncated)}
          />
        )}
      </QueryView>
    </div>
  );
}

interface LoadedProps {
  readonly source: ContentSource;
  readonly onOpenArchive: OpenArchive | undefined;
  readonly start: ContentStart;
  readonly detected: Detected;
}

function LoadedContent(props: LoadedProps): ReactNode {
  const { source, start, detected } = props;
  const views = viewsOf(detected, source);
  const [chosen, setChosen] = useState<View>();
  const view = chosen ?? views[0] ?? 'hex';
  return (
    <>
      <div className="row between content-head">
        <div className="grow">
          <strong className="break">
            <PlainText>{source.path}</PlainText>
          </strong>{' '}
          <span className="dim small nowrap">
            {describe(detected)}
            {source.sizeBytes !== null && `, ${formatSize(source.sizeBytes)}`}
            {start.isTruncated &&
              (view === 'text' || view === 'hex') &&
              `, first ${formatSize(start.bytes.length)} shown`}
          </span>
        </div>
        {views.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label="View"
            value={view}
            onChange={(next) => setChosen(next as View)}
            data={views.map((value) => ({ value, label: viewLabels[value] }))}
          />
        )}
        {source.downloadUrl !== undefined && (
          <Button
            size="compact-sm"
            variant="default"
            component="a"
            download
            leftSection={<IconDownload size={14} />}
            href={source.downloadUrl}
            aria-label={`Download ${escapeInvisible(source.path)}`}
          >
            Download
          </Button>
        )}
      </div>
      <Shown {...props} view={view} />
    </>
  );
}

function Shown(props: LoadedProps & { readonly view: View }): ReactNode {
  const { source, start, detected, view, onOpenArchive } = props;
  const label = `Preview of ${escapeInvisible(source.path)}`;
  if (view === 'archive' && onOpenArchive !== undefined) {
    return (
      <div>
        <Button
          leftSection={<IconFolderOpen size={16} />}
          onClick={() => onOpenArchive(source.archive, source.path)}
        >
          Open this archive
        </Button>
      </div>
    );
  }
  if (view === 'archive') {
    return (
      <ArchiveView
        archive={source.archive}
        name={source.path}
        renderMember={(member, open) => <ContentView source={member} onOpenArchive={open} />}
      />
    );
  }
  if ((view === 'structured' || view === 'strings') && detected.text !== undefined) {
    const text = start.isTruncated ? undefined : detected.text;
    return (
      <StructuredView
        key={view}
        source={source}
        label={label}
        form={view === 'strings' ? 'strings' : detected.kind === 'ndjson' ? 'lines' : 'document'}
        text={text}
      />
    );
  }
  if (view === 'text' && detected.text !== undefined) {
    return <TextView text={detected.text} label={label} />;
  }
  return (
    <>
      {detected.kind === 'image' && (
        <p className="dim small">
          Images from untrusted files are not displayed. Download the file to view it in an isolated
          environment.
        </p>
      )}
      <LineView lines={hexDump(start.bytes, 0).trimEnd().split('\n')} label={label} />
    </>
  );
}

function viewsOf({ kind, text, format }: Detected, source: ContentSource): View[] {
  const isArchive = kind === 'archive' && source.archive.inside.length <= limits.archiveDepth;
  const isStructured = kind === 'json' || kind === 'ndjson';
  return [
    ...(isArchive ? (['archive'] as const) : []),
    ...(format === stringsFormat ? (['strings'] as const) : []),
    ...(isStructured ? (['structured'] as const) : []),
    ...(text === undefined ? [] : (['text'] as const)),
    'hex',
  ];
}

const kindLabels: Readonly<Record<Detected['kind'], string>> = {
  text: 'Text',
  json: 'JSON',
  ndjson: 'NDJSON',
  archive: 'Archive',
  image: 'Picture',
  binary: 'Binary',
};

function describe({ kind, format }: Detected): string {
  return format === undefined ? kindLabels[kind] : `${kindLabels[kind]} (${format})`;
}
