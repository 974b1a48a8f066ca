import type { PlacedFinding } from '@lazaret/protocol';
import { type ReactNode, useEffect, useRef } from 'react';

import { HashLink } from '../../components/hash-link.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { SeverityBadge } from '../../components/verdict-badge.tsx';
import { findingClassLabels } from '../../text/image-labels.ts';
import { FileLink, LayerTag } from './location.tsx';

interface FindingRowProps {
  readonly finding: PlacedFinding;
  /** The same finding at other paths. */
  readonly others?: readonly PlacedFinding[];
  readonly isSelected?: boolean;
  /** Shown outside the page of an image, without a link to the path. */
  readonly plainPath?: boolean;
  /** Shown next to the class. */
  readonly note?: string | undefined;
  /** What can be done about the finding. */
  readonly actions?: ReactNode;
}

/** One finding with its location, scanner and evidence. */
export function FindingRow(props: FindingRowProps): ReactNode {
  const { finding, others = [], isSelected, plainPath, note, actions } = props;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isSelected === true) row.current?.scrollIntoView({ block: 'center' });
  }, [isSelected]);
  const { severity, title, rule, scanner, purl } = finding;
  return (
    <li
      ref={row}
      className={isSelected === true ? 'finding selected' : 'finding'}
      aria-current={isSelected === true ? true : undefined}
    >
      <SeverityBadge value={severity} />
      <div className="grow">
        <div className="row tight">
          <strong className="break">
            <PlainText>{title}</PlainText>
          </strong>
          <span className="tag">{findingClassLabels[finding.class]}</span>
          {actions}
          {note !== undefined && (
            <span className="dim small break">
              <PlainText>{note}</PlainText>
            </span>
          )}
        </div>
        <div className="small dim break">
          {scanner} ·{' '}
          <LinkAnchor
            to="/search"
            search={{ text: rule, kind: 'finding' }}
            className="mono"
            inherit
          >
            <PlainText>{rule}</PlainText>
          </LinkAnchor>
        </div>
        {[finding, ...others].map((one, index) => (
          <Location key={index} finding={one} isPlain={plainPath === true} />
        ))}
        {purl !== undefined && (
          <div className="mono small dim break">
            <PlainText>{purl}</PlainText>
          </div>
        )}
        <Evidence finding={finding} />
      </div>
    </li>
  );
}

interface LocationProps {
  readonly finding: PlacedFinding;
  readonly isPlain: boolean;
}

function Location({ finding, isPlain }: LocationProps): ReactNode {
  const { path, layer, hiddenBy, line, offset } = finding;
  if (path === undefined && layer === undefined) return null;
  return (
    <div className="row tight small">
      {path !== undefined &&
        (isPlain ? (
          <span className="mono break">
            <PlainText>{path}</PlainText>
          </span>
        ) : (
          <FileLink path={path} layer={layer} hiddenBy={hiddenBy} />
        ))}
      {line !== undefined && <span className="dim nowrap">line {line}</span>}
      {offset !== undefined && <span className="dim nowrap">offset {offset}</span>}
      <LayerTag layer={layer} hiddenBy={hiddenBy} />
    </div>
  );
}

function Evidence({ finding }: { readonly finding: PlacedFinding }): ReactNode {
  const { evidence = {}, sha256, signatures } = finding;
  const rows = Object.entries(evidence);
  return (
    <details className="more small">
      <summary>Evidence</summary>
      <dl className="evidence">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>
              <PlainText>{name}</PlainText>
            </dt>
            <dd className="mono break">
              {(Array.isArray(value) ? value : [value]).map((item, index) => (
                <div key={index}>
                  <PlainText>{String(item)}</PlainText>
                </div>
              ))}
            </dd>
          </div>
        ))}
        {sha256 !== undefined && (
          <div>
            <dt>SHA-256</dt>
            <dd>
              <HashLink sha256={sha256} chars={24} />
            </dd>
          </div>
        )}
        <div>
          <dt>signatures</dt>
          <dd className="mono break">
            <PlainText>{signatures === '' ? 'unknown' : signatures}</PlainText>
          </dd>
        </div>
      </dl>
    </details>
  );
}
