import { formatSize, type ImageFile } from '@lazaret/protocol';
import { IconFileSearch } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { Copy, Copyable } from '../../parts/copy.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Fact } from '../../parts/fact.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { LinkAnchor } from '../../parts/router-link.tsx';
import { modeWords } from '../../text/image-words.ts';
import { absoluteTime } from '../../time.ts';
import { LayerMark } from './placed.tsx';

const digestChars = 20;

interface FileFactsProps {
  readonly file: ImageFile | undefined;
  /** What the address asks for, although the tree may not have it. */
  readonly path: string | undefined;
}

/** What is known of one file. */
export function FileFacts({ file, path }: FileFactsProps): ReactNode {
  if (file === undefined) {
    return (
      <aside className="file-facts" aria-label="Selected file">
        {path === undefined ? (
          <EmptyState icon={IconFileSearch} title="Select a file" small>
            Its mode, owner, digests and layer appear here.
          </EmptyState>
        ) : (
          <EmptyState icon={IconFileSearch} title="Not met in this view yet" small>
            <span className="mono break">
              <PlainText>{path}</PlainText>
            </span>
            <br />A later layer may have removed it: look into the hidden files, or one layer.
          </EmptyState>
        )}
      </aside>
    );
  }
  return (
    <aside className="file-facts" aria-label="Selected file">
      <div className="panel-body stack">
        <div>
          <div className="row tight">
            <strong className="break grow file-path">
              <PlainText>{file.path}</PlainText>
            </strong>
            <Copy value={file.path} label="the path" />
          </div>
          <LayerMark layer={file.layer} hiddenBy={file.hiddenBy} />
        </div>
        {file.implied ? (
          <p className="dim small">
            {file.path.endsWith('!')
              ? 'What is inside the archive of this name.'
              : 'No entry of its own: the image names only what lies below it.'}
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
  return (
    <>
      <dl className="facts">
        <Fact term="Type">{file.type.replaceAll('-', ' ')}</Fact>
        {file.type === 'file' && (
          <Fact term="Size">
            {formatSize(file.sizeBytes)}
            {file.sizeBytes >= 1_024 && (
              <span className="dim small"> {file.sizeBytes.toLocaleString('en')} B</span>
            )}
          </Fact>
        )}
        {kind !== undefined && <Fact term="Content">{kind}</Fact>}
        <Fact term="Mode">
          <span className={isSpecial ? 'mono ill' : 'mono'}>
            {modeWords(mode)} {mode.toString(8).padStart(4, '0')}
          </span>
        </Fact>
        <Fact term="Owner">
          {uid}:{gid}
        </Fact>
        {Number.isFinite(mtimeMs) && (
          <Fact term="Changed">{absoluteTime(new Date(mtimeMs).toISOString())}</Fact>
        )}
        {linkPath !== undefined && (
          <Fact term="Points to" whole>
            <span className="mono break">
              <PlainText>{linkPath}</PlainText>
            </span>
          </Fact>
        )}
        {device !== undefined && (
          <Fact term="Device">
            {device.major}:{device.minor}
          </Fact>
        )}
        {capabilities !== undefined && (
          <Fact term="Capabilities" whole>
            <span className="mono break">{capabilities}</span>
          </Fact>
        )}
        {rawPath !== undefined && <Fact term="Name">its bytes are not UTF-8</Fact>}
      </dl>
      <Digests file={file} />
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
        <LinkAnchor to="/search" search={{ by: 'hash', text: sha256 }}>
          Where else is this file?
        </LinkAnchor>
      )}
    </div>
  );
}
