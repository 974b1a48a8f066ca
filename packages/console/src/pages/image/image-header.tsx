import { Button, Menu } from '@mantine/core';
import {
  formatSize,
  type ImageDetail,
  operations,
  remarksNotLookedAt,
  remarksToTell,
  reportFormats,
  type SourceRemark,
} from '@lazaret/protocol';
import {
  IconArrowsDiff,
  IconChevronDown,
  IconDownload,
  IconRefresh,
  IconTrash,
} from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';

import { client } from '../../client.ts';
import { useAction } from '../../data.ts';
import { ConfirmButton } from '../../parts/confirm-button.tsx';
import { Copyable } from '../../parts/copy.tsx';
import { Fact } from '../../parts/fact.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { LinkAnchor, LinkButton } from '../../parts/router-link.tsx';
import { Severities, VerdictBadge, verdictLooks } from '../../parts/verdict-badge.tsx';
import { When } from '../../parts/when.tsx';
import { useAllowed } from '../../session.ts';
import { imageTitle, pinnedReference, shortDigest } from '../../text/digest.ts';
import { CoverageLine, ScannerList } from './scanner-list.tsx';
import { useImageAddress } from './use-image-search.ts';

const digestChars = 19;
const namesShown = 5;

/** What the image is, what the verdict is and why, how far it was examined and by whom. */
export function ImageHeader({ image }: { readonly image: ImageDetail }): ReactNode {
  const title = imageTitle(image);
  const { state } = image.verdict;
  useEffect(() => {
    document.title = `${verdictLooks[state].word}: ${title} · Lazaret`;
  }, [state, title]);
  return (
    <>
      <header className="page-head">
        <div className="grow">
          <div className="eyebrow as-written">
            <LinkAnchor to="/images">Images</LinkAnchor> / {shortDigest(image.digest)}
          </div>
          <h1 className="break">
            <PlainText>{image.names[0] ?? shortDigest(image.digest)}</PlainText>
          </h1>
        </div>
        <Actions image={image} />
      </header>
      <div className="image-head">
        <Verdict image={image} />
        <section className="panel" aria-label="Image">
          <div className="panel-body">
            <Facts image={image} />
          </div>
        </section>
      </div>
    </>
  );
}

function Verdict({ image }: { readonly image: ImageDetail }): ReactNode {
  const { verdict, coverage } = image;
  const { tone, meaning } = verdictLooks[verdict.state];
  return (
    <section className={`panel verdict tone-${tone}`} aria-label="Verdict">
      <div className="panel-body stack tight">
        <div className="row between">
          <VerdictBadge state={verdict.state} large />
          <Severities counts={image.findings} />
        </div>
        <p>{meaning}</p>
        {verdict.reasons.length > 0 && (
          <ul className="reasons">
            {verdict.reasons.map((reason) => (
              <li key={reason} className="break">
                <PlainText>{reason}</PlainText>
              </li>
            ))}
          </ul>
        )}
        <CoverageLine coverage={coverage} />
        <ScannerList scanners={coverage.scanners} />
      </div>
    </section>
  );
}

function Facts({ image }: { readonly image: ImageDetail }): ReactNode {
  const { distribution, source } = image;
  const others = image.names.slice(1);
  return (
    <dl className="facts">
      <Fact term="Digest" whole>
        <Copyable value={image.digest} label="the digest" chars={digestChars} />
      </Fact>
      {others.length > 0 && (
        <Fact term="Also known as" whole>
          <ul className="plain-list">
            {others.slice(0, namesShown).map((name) => (
              <li key={name} className="break">
                <PlainText>{name}</PlainText>
              </li>
            ))}
            {others.length > namesShown && <li>and {others.length - namesShown} more</li>}
          </ul>
        </Fact>
      )}
      {image.image?.artifactType !== undefined && (
        <Fact term="OCI artifact">
          <PlainText>{image.image.artifactType}</PlainText>
        </Fact>
      )}
      <Fact term="Platform">
        <PlainText>{image.platform ?? 'not said'}</PlainText>
      </Fact>
      <Fact term="Distribution">
        <PlainText>{distributionWords(distribution)}</PlainText>
      </Fact>
      <Fact term="Size">{formatSize(image.sizeBytes)}</Fact>
      <Fact term="Inspected">
        <When at={image.inspectedAt} />
      </Fact>
      <Fact term="From">{sourceWords[source.kind]}</Fact>
      <Remarks term="Remarks" remarks={remarksToTell(source)} />
      <Remarks term="Not looked at" remarks={remarksNotLookedAt(source)} />
      <Fact term="Project">{image.project}</Fact>
      <Fact term="Inspection">
        <LinkAnchor to="/inspections/$id" params={{ id: image.inspection }} className="mono">
          {image.inspection}
        </LinkAnchor>
      </Fact>
    </dl>
  );
}

interface RemarksProps {
  readonly term: string;
  readonly remarks: readonly SourceRemark[];
}

/** What is to be known of where it came from, such as a name that nobody proved. */
function Remarks({ term, remarks }: RemarksProps): ReactNode {
  if (remarks.length === 0) return null;
  return (
    <Fact term={term} whole>
      <ul className="plain-list">
        {remarks.map(({ reason, detail, digest }) => (
          <li key={`${reason} ${detail} ${digest}`} className="break">
            <PlainText>{digest === undefined ? detail : `${detail}: ${digest}`}</PlainText>
          </li>
        ))}
      </ul>
    </Fact>
  );
}

const sourceWords: Readonly<Record<ImageDetail['source']['kind'], string>> = {
  registry: 'a registry',
  'docker-archive': 'a docker save archive',
  'oci-layout': 'an OCI layout',
  'oci-archive': 'an OCI archive',
  engine: 'a container engine',
  container: 'a running container',
  directory: 'a directory',
};

function distributionWords(distribution: ImageDetail['distribution']): string {
  if (distribution === undefined) return 'none found';
  const { prettyName, id, versionId } = distribution;
  return prettyName ?? [id, versionId].filter((part) => part !== undefined).join(' ');
}

const formatWords: Readonly<Record<(typeof reportFormats)[number], string>> = {
  json: 'Report, JSON',
  cyclonedx: 'SBOM, CycloneDX',
  spdx: 'SBOM, SPDX',
  sarif: 'Findings, SARIF',
};

function Actions({ image }: { readonly image: ImageDetail }): ReactNode {
  const { digest, inProject } = useImageAddress();
  return (
    <div className="row">
      <Menu position="bottom-end" width={200}>
        <Menu.Target>
          <Button
            variant="default"
            leftSection={<IconDownload size={16} />}
            rightSection={<IconChevronDown size={14} />}
          >
            Download
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {reportFormats.map((format) => (
            <Menu.Item
              key={format}
              component="a"
              download
              href={client.url(operations.images.report, {
                params: { digest },
                query: { ...inProject, format },
              })}
            >
              {formatWords[format]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <LinkButton
        to="/images/compare"
        search={{ before: digest, ...inProject }}
        variant="default"
        leftSection={<IconArrowsDiff size={16} />}
      >
        Compare
      </LinkButton>
      <Remove image={image} />
      <InspectAgain image={image} />
    </div>
  );
}

/** Asks for this very digest, whatever its name stands for by now. */
function InspectAgain({ image }: { readonly image: ImageDetail }): ReactNode {
  const mayInspect = useAllowed('images.inspect');
  const navigate = useNavigate();
  const inspect = useAction(operations.images.inspect, {
    refreshes: [operations.inspections.list],
    onDone: ({ id }) => void navigate({ to: '/inspections/$id', params: { id } }),
  });
  if (!mayInspect || image.source.kind !== 'registry') return null;
  const reference = pinnedReference(image.source.reference, image.digest);
  const { project } = image;
  return (
    <Button
      leftSection={<IconRefresh size={16} />}
      loading={inspect.isPending}
      onClick={() => inspect.mutate({ body: { reference, project, force: true } })}
    >
      Inspect again
    </Button>
  );
}

/** Takes what is stored of the image out of its project. */
function Remove({ image }: { readonly image: ImageDetail }): ReactNode {
  const mayManage = useAllowed('images.manage');
  const navigate = useNavigate();
  const queries = useQueryClient();
  const leave = async (): Promise<void> => {
    await navigate({ to: '/images', replace: true });
    // Nothing that was read before may show it again, whatever page it was read for.
    queries.removeQueries({ type: 'inactive' });
    await queries.invalidateQueries({ queryKey: [operations.images.list.name] });
  };
  const remove = useAction(operations.images.remove, {
    says: 'The image is removed',
    onDone: () => void leave(),
  });
  if (!mayManage) return null;
  const { digest, project } = image;
  return (
    <ConfirmButton
      label="Remove"
      question="Remove this image?"
      icon={<IconTrash size={16} />}
      busy={remove.isPending}
      onConfirm={() => remove.mutate({ params: { digest }, query: { project } })}
    >
      Its report goes, with packages, files and findings, and no search of the project {project}{' '}
      finds them any more. The image in its registry stays as it is, and can be inspected again.
    </ConfirmButton>
  );
}
