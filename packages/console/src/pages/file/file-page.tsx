import {
  type FileDetail,
  type FileFinding,
  type FilePlace,
  escapeInvisible,
  formatSize,
  operations,
} from '@lazaret/protocol';
import { useParams } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';

import { ImageName } from '../../components/image-name.tsx';
import { useOperation } from '../../data.ts';
import { Copyable } from '../../components/copy.tsx';
import { Field } from '../../components/field.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { SeverityBadge, VerdictBadge } from '../../components/verdict-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAllowed } from '../../session.ts';
import { imageTitle, shortDigest } from '../../text/digest.ts';
import { findingClassLabels } from '../../text/image-labels.ts';
import { LayerTag } from '../image/location.tsx';
import { fileSearch } from '../image/use-image-page.ts';
import { useProjectSearch } from '../images/image-columns.tsx';
import { countWords } from '../search/search-query.ts';
import { FileActions } from './file-actions.tsx';
import { FilePreview } from './file-preview.tsx';

const titleChars = 12;

/** All information about one content: jobs, results, images, findings, and its bytes. */
export function FilePage(): ReactNode {
  const { sha256 } = useParams({ from: '/shell/files/$sha256' });
  const query = useOperation(operations.files.show, { params: { sha256 } });
  return (
    <QueryView query={query} rows={8}>
      {(file) => <FileView key={file.sha256} file={file} />}
    </QueryView>
  );
}

function FileView({ file }: { readonly file: FileDetail }): ReactNode {
  const { sha256, names, sizeBytes, kind, places } = file;
  const mayRead = useAllowed('files.read');
  const title = names[0] ?? `${sha256.slice(0, titleChars)}…`;
  useEffect(() => {
    document.title = `${escapeInvisible(title)} · Lazaret`;
  }, [title]);
  const [place] = places.items;
  const from =
    file.artifacts.length > 0 || place === undefined
      ? {}
      : { image: place.image, project: place.project };
  return (
    <>
      <header className="page-head">
        <div className="grow">
          <div className="eyebrow">File</div>
          <h1 className="break">
            <PlainText>{title}</PlainText>
          </h1>
          <span className="file-digest">
            <Copyable value={sha256} label="the SHA-256" />
          </span>
          <div className="row tight dim">
            <span>{formatSize(sizeBytes)}</span>
            {kind !== null && <span>· {kind}</span>}
            {file.findings.length > 0 && <WorstFinding findings={file.findings} />}
          </div>
        </div>
        <FileActions sha256={sha256} {...from} name={names[0]} />
      </header>
      <div className="file-grid">
        <div className="stack">
          <Findings file={file} />
          <Places file={file} />
          <Jobs file={file} />
          <Results file={file} />
          {mayRead && (
            <Panel title="Content">
              <FilePreview sha256={sha256} {...from} />
            </Panel>
          )}
        </div>
        <div className="stack">
          <Identity file={file} />
          <Origins file={file} />
        </div>
      </div>
    </>
  );
}

function WorstFinding({ findings }: { readonly findings: readonly FileFinding[] }): ReactNode {
  const [worst] = findings;
  if (worst === undefined) return null;
  return (
    <>
      <SeverityBadge value={worst.severity} />
      <PlainText>{worst.title}</PlainText>
    </>
  );
}

function Identity({ file }: { readonly file: FileDetail }): ReactNode {
  const { sha256, sha1, md5, sizeBytes, names, artifacts } = file;
  return (
    <Panel title="Identity">
      <div className="stack">
        <dl className="digests small">
          <Digest name="SHA-256" value={sha256} />
          <Digest name="SHA-1" value={sha1} />
          <Digest name="MD5" value={md5} />
        </dl>
        <dl className="fields">
          <Field label="Size">{sizeBytes.toLocaleString('en')} B</Field>
          <Field label={artifacts.length > 1 ? 'Projects' : 'Project'}>
            {artifacts.length === 0
              ? 'none: found in images only'
              : artifacts.map(({ project }) => project).join(', ')}
          </Field>
        </dl>
        {names.length > 1 && (
          <div className="small">
            <div className="dim">Other names</div>
            <ul className="plain-list">
              {names.slice(1).map((name) => (
                <li key={name} className="mono break">
                  <PlainText>{name}</PlainText>
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Panel>
  );
}

function Digest({
  name,
  value,
}: {
  readonly name: string;
  readonly value: string | null;
}): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value === null ? (
          <span className="dim">not computed for artifacts</span>
        ) : (
          <Copyable value={value} label={`the ${name}`} chars={26} />
        )}
      </dd>
    </div>
  );
}

function Findings({ file }: { readonly file: FileDetail }): ReactNode {
  const { findings, places } = file;
  if (findings.length === 0) {
    return (
      <Panel title="Findings">
        <p className="dim">
          {places.count === 0
            ? 'No image with this file was inspected, so no scanner has examined it.'
            : 'No finding is recorded for this file. This is not a verdict: the page of each image shows what was scanned, and with which scanners.'}
        </p>
      </Panel>
    );
  }
  return (
    <Panel title={`Findings (${findings.length})`}>
      <ul className="findings">
        {findings.map((finding) => (
          <FindingItem
            key={`${finding.scanner} ${finding.rule} ${finding.class}`}
            finding={finding}
          />
        ))}
      </ul>
    </Panel>
  );
}

function FindingItem({ finding }: { readonly finding: FileFinding }): ReactNode {
  const { severity, title, scanner, rule, images, image, path } = finding;
  const inProject = useProjectSearch(finding.project);
  const search = {
    ...inProject,
    ...{ tab: 'findings', severity, class: finding.class, rule },
    ...(path === null ? {} : { path }),
  };
  return (
    <li className="finding">
      <SeverityBadge value={severity} />
      <div className="grow">
        <div className="row tight">
          <LinkAnchor to="/images/$digest" params={{ digest: image }} search={search}>
            <strong className="break">
              <PlainText>{title}</PlainText>
            </strong>
          </LinkAnchor>
          <span className="tag">{findingClassLabels[finding.class]}</span>
        </div>
        <div className="small dim break">
          {scanner} ·{' '}
          <LinkAnchor to="/search" search={{ text: rule, kind: 'finding' }} className="mono">
            <PlainText>{rule}</PlainText>
          </LinkAnchor>{' '}
          · in {images} {images === 1 ? 'image' : 'images'}
        </div>
      </div>
    </li>
  );
}

function Places({ file }: { readonly file: FileDetail }): ReactNode {
  const { places, sha256 } = file;
  return (
    <Panel
      title={`In images (${countWords(places)})`}
      flush={places.count > 0}
      actions={
        places.count > places.items.length && (
          <LinkAnchor to="/search" search={{ text: sha256, kind: 'file' }}>
            Show all
          </LinkAnchor>
        )
      }
    >
      {places.count === 0 ? (
        <p className="dim">No inspected image has this file.</p>
      ) : (
        <ul className="hits">
          {places.items.map((place) => (
            <PlaceRow
              key={`${place.project} ${place.image} ${place.layer} ${place.path}`}
              place={place}
            />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function PlaceRow({ place }: { readonly place: FilePlace }): ReactNode {
  const { image, names, platform, verdict, layer, hiddenBy, path } = place;
  const inProject = useProjectSearch(place.project);
  const params = { digest: image };
  return (
    <li className="hit">
      <div className="grow">
        <LinkAnchor
          to="/images/$digest"
          params={params}
          search={fileSearch({ path, layer, hiddenBy }, inProject)}
          className="mono break"
        >
          <PlainText>{path}</PlainText>
        </LinkAnchor>
        <div className="row tight small dim">
          <LayerTag layer={layer} hiddenBy={hiddenBy} />
        </div>
      </div>
      <div className="hit-image small">
        <LinkAnchor
          to="/images/$digest"
          params={params}
          search={inProject}
          title={imageTitle({ names, digest: image })}
        >
          <ImageName>{names[0] ?? shortDigest(image)}</ImageName>
        </LinkAnchor>
        <div className="dim mono">{shortDigest(image)}</div>
        {platform !== null && (
          <div className="dim">
            <PlainText>{platform}</PlainText>
          </div>
        )}
      </div>
      <VerdictBadge state={verdict} />
    </li>
  );
}

function Jobs({ file }: { readonly file: FileDetail }): ReactNode {
  const { jobs, sha256 } = file;
  return (
    <Panel
      title={`Jobs with it as input (${countWords(jobs)})`}
      flush={jobs.count > 0}
      actions={
        jobs.count > jobs.items.length && (
          <LinkAnchor to="/jobs" search={{ sha256 }}>
            Show all
          </LinkAnchor>
        )
      }
    >
      {jobs.count === 0 ? (
        <p className="dim">It was not submitted to an engine.</p>
      ) : (
        <ul className="hits">
          {jobs.items.map((job) => (
            <li key={job.id} className="hit">
              <StateBadge state={job.state} />
              <div className="grow">
                <LinkAnchor to="/jobs/$id" params={{ id: job.id }}>
                  <PlainText>{job.engine}</PlainText>
                </LinkAnchor>{' '}
                <span className="dim mono small">{job.id}</span>
              </div>
              <span className="small dim">
                <Timestamp at={job.createdAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Results({ file }: { readonly file: FileDetail }): ReactNode {
  const { results } = file;
  if (results.count === 0) return null;
  return (
    <Panel title={`Results of jobs (${countWords(results)})`} flush>
      <ul className="hits">
        {results.items.map((result) => (
          <li key={`${result.job} ${result.path}`} className="hit">
            <StateBadge state={result.state} />
            <div className="grow">
              <LinkAnchor to="/jobs/$id" params={{ id: result.job }} search={{ tab: 'result' }}>
                <span className="mono break">
                  <PlainText>{result.path}</PlainText>
                </span>
              </LinkAnchor>
              <div className="small dim">
                <PlainText>{result.engine}</PlainText> <span className="mono">{result.job}</span>
              </div>
            </div>
            <span className="small dim">
              <Timestamp at={result.createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Origins({ file }: { readonly file: FileDetail }): ReactNode {
  if (file.origins.length === 0) return null;
  return (
    <Panel title="Extracted from">
      <ul className="plain-list stack">
        {file.origins.map((origin) => (
          <li key={`${origin.project} ${origin.image} ${origin.layer} ${origin.path}`}>
            <LinkAnchor
              to="/images/$digest"
              params={{ digest: origin.image }}
              search={fileSearch({ path: origin.path })}
              className="mono break"
            >
              <PlainText>{origin.path}</PlainText>
            </LinkAnchor>
            <div className="small dim break">
              layer {origin.layer} of <PlainText>{origin.reference}</PlainText>
            </div>
            <div className="small dim">
              by {origin.createdBy}, <Timestamp at={origin.createdAt} />
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
