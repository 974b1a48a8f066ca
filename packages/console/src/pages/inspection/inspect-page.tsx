import { Autocomplete, Button, Checkbox, Select, TextInput } from '@mantine/core';
import { operations } from '@lazaret/protocol';
import { IconZoomScan } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { useAction } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { Panel } from '../../parts/panel.tsx';
import { useIdentity } from '../../session.ts';
import { InspectionsPanel } from './inspections-panel.tsx';

const platforms = [
  ...['default', 'all', 'linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/386'],
  ...['linux/ppc64le', 'linux/riscv64', 'linux/s390x', 'windows/amd64'],
];

/** Asks for the inspection of an image; the progress is on a page of its own. */
export function InspectPage(): ReactNode {
  return (
    <>
      <PageHeader title="Inspect an image">
        Its layers are read from the registry as a stream, listed and scanned. Nothing of it runs,
        and nothing is unpacked to disk.
      </PageHeader>
      <div className="submit-grid">
        <Panel title="Image">
          <InspectForm />
        </Panel>
        <InspectionsPanel />
      </div>
    </>
  );
}

function InspectForm(): ReactNode {
  const asked = useSearch({ from: '/shell/images/inspect' });
  const { projects } = useIdentity();
  const navigate = useNavigate();
  const [reference, setReference] = useState(asked.reference ?? '');
  const [platform, setPlatform] = useState('default');
  const [project, setProject] = useState<string | null>(projects[0] ?? null);
  const [force, setForce] = useState(false);
  const inspect = useAction(operations.images.inspect, {
    quiet: true,
    refreshes: [operations.inspections.list],
    onDone: ({ id }) => void navigate({ to: '/inspections/$id', params: { id } }),
  });
  const { error } = inspect;
  const isMarked = ['reference', 'platform'].some((name) => fieldMessage(error, name));
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
      {error !== null && !isMarked && <ProblemNotice error={error} />}
      <TextInput
        label="Reference"
        description="Registry, repository and tag or digest, as docker pull takes it"
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
        description="default is what this machine would run; all inspects every one"
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
        label="Inspect anew what is known already"
        description="Otherwise a report that is as good as a new one is taken from the store"
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
