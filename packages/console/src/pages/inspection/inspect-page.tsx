import { Autocomplete, Button, Checkbox, Select, TextInput } from '@mantine/core';
import { operations } from '@lazaret/protocol';
import { IconZoomScan } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { useAction } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { ProblemNotice } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { useIdentity } from '../../session.ts';
import { ArchiveUpload } from './archive-upload.tsx';
import { InspectionsPanel } from './inspections-panel.tsx';

const platforms = [
  ...['default', 'all', 'linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/386'],
  ...['linux/ppc64le', 'linux/riscv64', 'linux/s390x', 'windows/amd64'],
];

/** Form to request an inspection; progress is shown on its own page. */
export function InspectPage(): ReactNode {
  const { projects } = useIdentity();
  return (
    <>
      <PageHeader title="Inspect an image">
        Layers are streamed from the registry or an uploaded archive, listed and scanned. The image
        is neither run nor unpacked to disk.
      </PageHeader>
      <div className="submit-grid">
        <div className="stack">
          <Panel title="Registry image">
            <InspectForm />
          </Panel>
          <Panel title="Image archive">
            <ArchiveUpload project={projects[0]} />
          </Panel>
        </div>
        <InspectionsPanel />
      </div>
    </>
  );
}

function InspectForm(): ReactNode {
  const requested = useSearch({ from: '/shell/images/inspect' });
  const { projects } = useIdentity();
  const navigate = useNavigate();
  const [reference, setReference] = useState(requested.reference ?? '');
  const [platform, setPlatform] = useState('default');
  const [project, setProject] = useState<string | null>(projects[0] ?? null);
  const [force, setForce] = useState(false);
  const inspect = useAction(operations.images.inspect, {
    quiet: true,
    refreshes: [operations.inspections.list],
    onDone: ({ id }) => void navigate({ to: '/inspections/$id', params: { id } }),
  });
  const { error } = inspect;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        const body = {
          reference: reference.trim(),
          platform: platform.trim() === '' ? 'default' : platform.trim(),
          force,
          ...(project === null || projects.length < 2 ? {} : { project }),
        };
        inspect.mutate({ body });
      }}
    >
      {error !== null && <ProblemNotice error={error} marked={['reference', 'platform']} />}
      <TextInput
        label="Reference"
        description="Registry, repository and tag or digest, as for docker pull"
        placeholder="registry.lab/app:1.2"
        value={reference}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        data-autofocus
        error={fieldMessage(error, 'reference') ?? false}
        onChange={(event) => setReference(event.currentTarget.value)}
      />
      <Autocomplete
        label="Platform"
        description="default: the platform of the server; all: every platform"
        data={platforms}
        filter={({ options }) => options}
        value={platform}
        error={fieldMessage(error, 'platform') ?? false}
        onChange={setPlatform}
      />
      {projects.length > 1 && (
        <Select
          label="Project"
          data={projects}
          value={project}
          allowDeselect={false}
          onChange={setProject}
        />
      )}
      <Checkbox
        label="Force rescan"
        description="Ignore existing reports and cached results"
        checked={force}
        onChange={(event) => setForce(event.currentTarget.checked)}
      />
      <div className="submit-bar">
        <Button
          type="submit"
          size="md"
          leftSection={<IconZoomScan size={18} />}
          disabled={reference.trim() === ''}
          loading={inspect.isPending}
        >
          Inspect
        </Button>
      </div>
    </form>
  );
}
