import { formatSize, type SearchHit, type SearchKind } from '@lazaret/protocol';
import {
  type Icon,
  IconAlertTriangle,
  IconFile,
  IconFileDigit,
  IconListDetails,
  IconPackage,
  IconPackages,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { ImageName } from '../../components/image-name.tsx';
import { HashLink } from '../../components/hash-link.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { SeverityBadge, VerdictBadge } from '../../components/verdict-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { imageTitle, shortDigest } from '../../text/digest.ts';
import { LayerTag } from '../image/location.tsx';
import { useProjectSearch } from '../images/image-columns.tsx';
import { hitTarget } from './hit-target.ts';

export const kindIcons: Readonly<Record<SearchKind, Icon>> = {
  job: IconListDetails,
  image: IconPackages,
  artifact: IconFileDigit,
  file: IconFile,
  package: IconPackage,
  finding: IconAlertTriangle,
};

/** A hit, linking to its page with the file or finding selected. */
export function HitRow({ hit }: { readonly hit: SearchHit }): ReactNode {
  const inProject = useProjectSearch(hit.project);
  const KindIcon = kindIcons[hit.kind];
  return (
    <li className="hit">
      <KindIcon size={18} stroke={1.7} aria-hidden />
      <div className="grow">
        <Link {...hitTarget(hit, inProject)} className="job-row-name hit-name">
          <HitTitle hit={hit} />
        </Link>
        <div className="row tight small dim">
          <HitFacts hit={hit} />
        </div>
      </div>
      {hit.kind !== 'image' && hit.image !== null && <InImage hit={hit} image={hit.image} />}
      {hit.kind === 'image' && hit.verdict !== null && <VerdictBadge state={hit.verdict} />}
    </li>
  );
}

function InImage({ hit, image }: { readonly hit: SearchHit; readonly image: string }): ReactNode {
  const search = useProjectSearch(hit.project);
  return (
    <div className="hit-image small">
      <LinkAnchor
        to="/images/$digest"
        params={{ digest: image }}
        search={search}
        className="hit-image-name"
        title={imageTitle({ names: hit.names, digest: image })}
      >
        <ImageName>{hit.names[0] ?? shortDigest(image)}</ImageName>
      </LinkAnchor>
      <div className="dim mono">{shortDigest(image)}</div>
      {hit.platform !== null && (
        <div className="dim">
          <PlainText>{hit.platform}</PlainText>
        </div>
      )}
    </div>
  );
}

/** The name of a hit, monospaced for a path or an id. */
export function HitTitle({ hit }: { readonly hit: SearchHit }): ReactNode {
  const isMono = hit.kind === 'file';
  return (
    <span className={isMono ? 'mono' : ''}>
      <PlainText>{hit.kind === 'image' ? imageTitleOf(hit) : hit.title}</PlainText>
    </span>
  );
}

function imageTitleOf({ names, id }: SearchHit): string {
  return names[0] ?? shortDigest(id);
}

interface HitFactsProps {
  readonly hit: SearchHit;
  /** Without links, and with its image. */
  readonly isPlain?: boolean;
}

/** Details that distinguish a hit from others of its kind, in one line. */
export function HitFacts({ hit, isPlain }: HitFactsProps): ReactNode {
  const { kind, job, artifact, file, package: pack, finding, path } = hit;
  return (
    <>
      {job !== null && (
        <>
          <StateBadge state={job.state} />
          <PlainText>{job.engine}</PlainText>
          <span className="mono">{hit.id}</span>
          <Timestamp at={job.createdAt} />
        </>
      )}
      {kind === 'image' && (
        <>
          <span className="mono">{shortDigest(hit.id)}</span>
          {hit.platform !== null && <PlainText>{hit.platform}</PlainText>}
        </>
      )}
      {artifact !== null && (
        <>
          <span>{formatSize(artifact.sizeBytes)}</span>
          <span className="mono">{shortDigest(artifact.sha256)}</span>
          <Timestamp at={artifact.createdAt} />
        </>
      )}
      {finding !== null && (
        <>
          <SeverityBadge value={finding.severity} />
          <span className="break">
            {finding.scanner} · <PlainText>{finding.rule}</PlainText>
          </span>
        </>
      )}
      {pack !== null && <span className="tag">{pack.type}</span>}
      {(pack !== null || finding !== null) && path !== null && (
        <span className="mono break">
          <PlainText>{path}</PlainText>
        </span>
      )}
      {file !== null && (
        <span>
          {file.type.replaceAll('-', ' ')}
          {file.type === 'file' && `, ${formatSize(file.sizeBytes)}`}
        </span>
      )}
      {file?.sha256 !== undefined && isPlain !== true && (
        <HashLink sha256={file.sha256} chars={12} plain />
      )}
      {isPlain === true && kind !== 'image' && hit.image !== null && (
        <ImageName>{hit.names[0] ?? shortDigest(hit.image)}</ImageName>
      )}
      <LayerTag layer={hit.layer} hiddenBy={hit.hiddenBy} />
    </>
  );
}
