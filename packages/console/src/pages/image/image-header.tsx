import { Button, Menu } from '@mantine/core';
import {
  formatSize,
  type ImageDetail,
  operations,
  otherPlatforms,
  sourceWarnings,
  reportFormats,
  type Diagnostic,
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
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { Copyable } from '../../components/copy.tsx';
import { Field } from '../../components/field.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor, LinkButton } from '../../components/router-link.tsx';
import { Severities, VerdictBadge, verdictStatuses } from '../../components/verdict-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAllowed } from '../../session.ts';
import { imageTitle, pinnedReference, shortDigest } from '../../text/digest.ts';
import { CoverageLine, ScannerList } from './scanner-list.tsx';
import { ScanNotice } from './scan-notice.tsx';
import { useImagePage } from './use-image-page.ts';

const digestChars = 19;
const namesShown = 5;

/** Name, verdict with reasons, coverage, scanners and details of the image. */
export function ImageHeader({ image }: { readonly image: ImageDetail }): ReactNode {
  const title = imageTitle(image);
  const { state } = image.verdict;
  useEffect(() => {
    document.title = `${verdictStatuses[state].label}: ${title} · Lazaret`;
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
      <div className="job-notice">
        <ScanNotice image={image} />
      </div>
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
  const { tone, meaning } = verdictStatuses[verdict.state];
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
    <dl className="fields">
      <Field label="Digest" wide>
        <Copyable value={image.digest} label="the digest" chars={digestChars} />
      </Field>
      <Field label="In registries">
        <LinkAnchor to="/decisions" search={{ digest: image.digest }}>
          Decisions
        </LinkAnchor>
      </Field>
      {others.length > 0 && (
        <Field label="Other names" wide>
          <ul className="plain-list">
            {others.slice(0, namesShown).map((name) => (
              <li key={name} className="break">
                <PlainText>{name}</PlainText>
              </li>
            ))}
            {others.length > namesShown && <li>and {others.length - namesShown} more</li>}
          </ul>
        </Field>
      )}
      {image.image?.artifactType !== undefined && (
        <Field label="OCI artifact">
          <PlainText>{image.image.artifactType}</PlainText>
        </Field>
      )}
      <Field label="Platform">
        <PlainText>{image.platform ?? 'unknown'}</PlainText>
      </Field>
      <Field label="Distribution">
        <PlainText>{distributionText(distribution)}</PlainText>
      </Field>
      <Field label="Size">{formatSize(image.sizeBytes)}</Field>
      <Field label="Inspected">
        <Timestamp at={image.inspectedAt} />
      </Field>
      <Field label="Source">{sourceKindLabels[source.kind]}</Field>
      <Notes label="Notes" diagnostics={sourceWarnings(image)} />
      <Notes label="Not examined" diagnostics={otherPlatforms(image)} />
      <Field label="Project">{image.project}</Field>
      <Field label="Inspection">
        <LinkAnchor to="/inspections/$id" params={{ id: image.inspection }} className="mono">
          {image.inspection}
        </LinkAnchor>
      </Field>
    </dl>
  );
}

interface NotesProps {
  readonly label: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** Notes on the source, such as an unverified name. */
function Notes({ label, diagnostics }: NotesProps): ReactNode {
  if (diagnostics.length === 0) return null;
  return (
    <Field label={label} wide>
      <ul className="plain-list">
        {diagnostics.map(({ reason, detail, digest }) => (
          <li key={`${reason} ${detail} ${digest}`} className="break">
            <PlainText>{digest === undefined ? detail : `${detail}: ${digest}`}</PlainText>
          </li>
        ))}
      </ul>
    </Field>
  );
}

const sourceKindLabels: Readonly<Record<ImageDetail['source']['kind'], string>> = {
  registry: 'registry',
  'docker-archive': 'docker save archive',
  'oci-layout': 'OCI layout',
  'oci-archive': 'OCI archive',
  engine: 'container engine',
  container: 'running container',
  directory: 'directory',
};

function distributionText(distribution: ImageDetail['distribution']): string {
  if (distribution === undefined) return 'not detected';
  const { prettyName, id, versionId } = distribution;
  return prettyName ?? [id, versionId].filter((part) => part !== undefined).join(' ');
}

const formatLabels: Readonly<Record<(typeof reportFormats)[number], string>> = {
  json: 'Report, JSON',
  cyclonedx: 'SBOM, CycloneDX',
  spdx: 'SBOM, SPDX',
  sarif: 'Findings, SARIF',
  collector: 'Records of Collector',
};

function Actions({ image }: { readonly image: ImageDetail }): ReactNode {
  const { digest, inProject } = useImagePage();
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
              {formatLabels[format]}
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

/** Requests this digest, even if the tag has moved. */
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

/** Removes the stored report from its project. */
function Remove({ image }: { readonly image: ImageDetail }): ReactNode {
  const mayManage = useAllowed('images.manage');
  const navigate = useNavigate();
  const queries = useQueryClient();
  const onRemoved = async (): Promise<void> => {
    await navigate({ to: '/images', replace: true });
    // Cached queries of any page must not show it again.
    queries.removeQueries({ type: 'inactive' });
    await queries.invalidateQueries({ queryKey: [operations.images.list.name] });
  };
  const remove = useAction(operations.images.remove, {
    successMessage: 'Image removed',
    onDone: () => void onRemoved(),
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
      Its report is deleted from project {project}, with packages, files and findings. The image in
      the registry is not affected and can be inspected again.
    </ConfirmButton>
  );
}
