import { formatSize, type SearchHit } from '@lazaret/protocol';
import { IconAlertTriangle, IconFile, IconPackage } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { SeverityBadge } from '../../components/verdict-badge.tsx';
import { imageTitle, shortDigest } from '../../text/digest.ts';
import { LayerTag } from '../image/location.tsx';
import type { ImageSearch } from '../image/search.ts';
import { fileSearch } from '../image/use-image-page.ts';
import { useProjectSearch } from '../images/image-columns.tsx';

const icons = { file: IconFile, package: IconPackage, finding: IconAlertTriangle } as const;

/** One search result, linking to the selected file, package or finding. */
export function HitRow({ hit }: { readonly hit: SearchHit }): ReactNode {
  const inProject = useProjectSearch(hit.project);
  const Icon = icons[hit.kind];
  const params = { digest: hit.image };
  return (
    <li className="hit">
      <Icon size={18} stroke={1.7} aria-hidden />
      <div className="grow">
        <Link
          to="/images/$digest"
          params={params}
          search={hitSearch(hit, inProject)}
          className="job-row-name hit-name"
        >
          <What hit={hit} />
        </Link>
        <div className="row tight small dim">
          <About hit={hit} />
          <LayerTag layer={hit.layer} hiddenBy={hit.hiddenBy} />
        </div>
      </div>
      <div className="hit-image small">
        <LinkAnchor
          to="/images/$digest"
          params={params}
          search={inProject}
          className="hit-image-name"
          title={imageTitle({ names: hit.names, digest: hit.image })}
        >
          <PlainText>{hit.names[0] ?? shortDigest(hit.image)}</PlainText>
        </LinkAnchor>
        <div className="dim mono">{shortDigest(hit.image)}</div>
        {hit.platform !== null && (
          <div className="dim">
            <PlainText>{hit.platform}</PlainText>
          </div>
        )}
      </div>
    </li>
  );
}

function What({ hit }: { readonly hit: SearchHit }): ReactNode {
  if (hit.package !== null) {
    return <PlainText>{`${hit.package.name} ${hit.package.version}`}</PlainText>;
  }
  if (hit.finding !== null) return <PlainText>{hit.finding.title}</PlainText>;
  return (
    <span className="mono">
      <PlainText>{hit.path ?? 'a file'}</PlainText>
    </span>
  );
}

function About({ hit }: { readonly hit: SearchHit }): ReactNode {
  const { file, package: pack, finding, path } = hit;
  return (
    <>
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
      {file !== null && finding === null && pack === null && (
        <span>
          {file.type}
          {file.type === 'file' && `, ${formatSize(file.sizeBytes)}`}
        </span>
      )}
    </>
  );
}

/** URL parameters of the image page that select the result. */
function hitSearch(hit: SearchHit, inProject: { project?: string }): ImageSearch {
  const { finding, path, layer, hiddenBy } = hit;
  if (finding !== null) {
    return {
      ...inProject,
      tab: 'findings',
      severity: finding.severity,
      class: finding.class,
      rule: finding.rule,
      ...(path === null ? {} : { path }),
    };
  }
  if (hit.package !== null) {
    const hidden = hiddenBy === null ? {} : { hidden: 'yes' };
    return { ...inProject, tab: 'packages', text: hit.package.name, ...hidden };
  }
  return fileSearch({ path: path ?? '', layer, hiddenBy }, inProject);
}
