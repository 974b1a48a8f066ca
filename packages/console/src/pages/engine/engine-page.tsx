import { type EngineDetail, operations } from '@lazaret/protocol';
import { Button } from '@mantine/core';
import { IconEdit, IconListDetails, IconTrash, IconUpload } from '@tabler/icons-react';
import { useNavigate, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { serverUrl } from '../../base-urls.ts';
import { useAction, useOperation } from '../../data.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { CodeBlock, Copyable } from '../../components/copy.tsx';
import { Notice } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkButton } from '../../components/router-link.tsx';
import { useAllowed } from '../../session.ts';
import { EngineStateBadge } from '../engines/engine-state.tsx';
import { EngineLimits } from '../submit/engine-limits.tsx';
import { ManifestPanel } from './manifest-panel.tsx';
import { RevisionsPanel } from './revisions-panel.tsx';

export function EnginePage(): ReactNode {
  const { name } = useParams({ from: '/shell/engines/$name' });
  const query = useOperation(operations.engines.show, { params: { name } }, { refetchMs: 15_000 });
  return (
    <QueryView query={query} rows={10}>
      {(engine) => <EngineView engine={engine} />}
    </QueryView>
  );
}

function EngineView({ engine }: { readonly engine: EngineDetail }): ReactNode {
  const { manifest } = engine;
  return (
    <>
      <PageHeader
        title={engine.name}
        eyebrow={`Engine, revision ${engine.revision}`}
        actions={<Actions engine={engine} />}
      >
        {manifest.description === '' ? undefined : manifest.description}
      </PageHeader>
      <div className="stack">
        {engine.problem !== null && (
          <Notice tone="warning" title="This engine cannot run">
            <p>{engine.problem}</p>
          </Notice>
        )}
        <div className="grid-2">
          <Panel title="Limits" actions={<EngineStateBadge engine={engine} />}>
            <div className="stack">
              <EngineLimits manifest={manifest} />
              {engine.image !== null && (
                <div className="small break">
                  <span className="dim">Image {engine.image.reference}, pinned to </span>
                  <Copyable value={engine.image.digest} label="the image digest" chars={26} />
                </div>
              )}
            </div>
          </Panel>
          <Panel title="Submit with curl">
            <div className="stack tight">
              <CodeBlock label="the command that submits a file" value={uploadCommand(engine)} />
              <CodeBlock
                label="the command that fetches the result"
                value={`curl -H "Authorization: Bearer $TOKEN" \\\n  ${serverUrl}/result/$JOB`}
              />
              <p className="dim small">Create a token under Settings, Tokens.</p>
            </div>
          </Panel>
        </div>
        <ManifestPanel manifest={manifest} />
        <RevisionsPanel engine={engine} />
      </div>
    </>
  );
}

function Actions({ engine }: { readonly engine: EngineDetail }): ReactNode {
  const mayManage = useAllowed('engines.manage');
  const maySubmit = useAllowed('jobs.submit');
  const navigate = useNavigate();
  const refreshes = [operations.engines.list, operations.engines.show];
  const params = { name: engine.name };
  const update = useAction(operations.engines.update, { refreshes });
  const remove = useAction(operations.engines.remove, {
    refreshes: [operations.engines.list],
    onDone: () => void navigate({ to: '/engines' }),
  });
  return (
    <div className="row">
      <LinkButton
        to="/jobs"
        search={{ engine: engine.name }}
        variant="default"
        leftSection={<IconListDetails size={16} />}
      >
        Jobs
      </LinkButton>
      {mayManage && (
        <>
          <Button
            variant="default"
            loading={update.isPending}
            onClick={() => update.mutate({ params, body: { enabled: !engine.enabled } })}
          >
            {engine.enabled ? 'Disable' : 'Enable'}
          </Button>
          <LinkButton
            to="/engines/new"
            search={{ from: engine.name }}
            variant="default"
            leftSection={<IconEdit size={16} />}
          >
            New revision
          </LinkButton>
          <ConfirmButton
            label="Remove"
            question={`Remove ${engine.name}?`}
            icon={<IconTrash size={16} />}
            busy={remove.isPending}
            onConfirm={() => remove.mutate({ params })}
          >
            It no longer accepts jobs. Existing jobs and results are kept.
          </ConfirmButton>
        </>
      )}
      {maySubmit && engine.enabled && (
        <LinkButton
          to="/submit"
          search={{ engine: engine.name }}
          leftSection={<IconUpload size={16} />}
        >
          Submit
        </LinkButton>
      )}
    </div>
  );
}

function uploadCommand({ name, manifest }: EngineDetail): string {
  const file = manifest.input.name ?? 'sample';
  const lines = [
    'curl -H "Authorization: Bearer $TOKEN"',
    `-T ${file}`,
    `${serverUrl}/${name}/upload`,
  ];
  return lines.join(' \\\n  ');
}
