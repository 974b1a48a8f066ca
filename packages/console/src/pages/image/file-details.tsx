import { formatSize, type ImageFile } from '@lazaret/protocol';
import { IconFileSearch } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { Copy, Copyable } from '../../components/copy.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Field } from '../../components/field.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { formatMode } from '../../text/image-labels.ts';
import { absoluteTime } from '../../time.ts';
import { FileActions } from '../file/file-actions.tsx';
import { LayerTag } from './location.tsx';
import { useImagePage } from './use-image-page.ts';

const digestChars = 20;

interface FileDetailsProps {
  readonly file: ImageFile | undefined;
  /** The path in the URL, which may not be in the tree. */
  readonly path: string | undefined;
}

/** Details of one file. */
export function FileDetails({ file, path }: FileDetailsProps): ReactNode {
  if (file === undefined) {
    return (
      <aside className="file-details" aria-label="Selected file">
        {path === undefined ? (
          <EmptyState icon={IconFileSearch} title="Select a file" small>
            Mode, owner, digests and layer are shown here.
          </EmptyState>
        ) : (
          <EmptyState icon={IconFileSearch} title="Not found in this view" small>
            <span className="mono break">
              <PlainText>{path}</PlainText>
            </span>
            <br />A later layer may have removed it. Check the hidden files or a single layer.
          </EmptyState>
        )}
      </aside>
    );
  }
  return (
    <aside className="file-details" aria-label="Selected file">
      <div className="panel-body stack">
        <div>
          <div className="row tight">
            <strong className="break grow file-path">
              <PlainText>{file.path}</PlainText>
            </strong>
            <Copy value={file.path} label="the path" />
          </div>
          <LayerTag layer={file.layer} hiddenBy={file.hiddenBy} />
        </div>
        {file.implied ? (
          <p className="dim small">
            {file.path.endsWith('!')
              ? 'Contents of the archive.'
              : 'Implicit directory: the layers contain only entries below it.'}
          </p>
        ) : (
          <Known file={file} />
        )}
      </div>
    </aside>
  );
}

function Known({ file }: { readonly file: ImageFile }): ReactNode {
  const { mode, uid, gid, mtimeMs, kind, linkPath, device, capabilities, rawPath } = file;
  const isSpecial = (mode & 0o6000) !== 0;
  const { digest, inProject } = useImagePage();
  return (
    <>
      <dl className="fields">
        <Field label="Type">{file.type.replaceAll('-', ' ')}</Field>
        {file.type === 'file' && (
          <Field label="Size">
            {formatSize(file.sizeBytes)}
            {file.sizeBytes >= 1_024 && (
              <span className="dim small"> {file.sizeBytes.toLocaleString('en')} B</span>
            )}
          </Field>
        )}
        {kind !== undefined && <Field label="Content">{kind}</Field>}
        <Field label="Mode">
          <span className={isSpecial ? 'mono ill' : 'mono'}>
            {formatMode(mode)} {mode.toString(8).padStart(4, '0')}
          </span>
        </Field>
        <Field label="Owner">
          {uid}:{gid}
        </Field>
        {Number.isFinite(mtimeMs) && (
          <Field label="Modified">{absoluteTime(new Date(mtimeMs).toISOString())}</Field>
        )}
        {linkPath !== undefined && (
          <Field label="Target" wide>
            <span className="mono break">
              <PlainText>{linkPath}</PlainText>
            </span>
          </Field>
        )}
        {device !== undefined && (
          <Field label="Device">
            {device.major}:{device.minor}
          </Field>
        )}
        {capabilities !== undefined && (
          <Field label="Capabilities" wide>
            <span className="mono break">{capabilities}</span>
          </Field>
        )}
        {rawPath !== undefined && <Field label="Name">not valid UTF-8</Field>}
      </dl>
      <Digests file={file} />
      {file.sha256 !== undefined && (
        <FileActions
          sha256={file.sha256}
          image={digest}
          project={inProject.project}
          name={file.name}
          withPreview
        />
      )}
    </>
  );
}

function Digests({ file }: { readonly file: ImageFile }): ReactNode {
  const { sha256, sha1, md5, similarity = {} } = file;
  const rows = [
    { name: 'SHA-256', value: sha256 },
    { name: 'SHA-1', value: sha1 },
    { name: 'MD5', value: md5 },
    { name: 'TLSH', value: similarity.tlsh },
    { name: 'ssdeep', value: similarity.ssdeep },
    { name: 'sdhash', value: similarity.sdhash },
  ];
  return (
    <div className="small">
      <dl className="digests">
        {rows.map(({ name, value }) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Copyable value={value} label={`the ${name}`} chars={digestChars} />
              </dd>
            </div>
          ),
        )}
      </dl>
      {sha256 !== undefined && (
        <LinkAnchor to="/files/$sha256" params={{ sha256 }}>
          All information about this file
        </LinkAnchor>
      )}
    </div>
  );
}
