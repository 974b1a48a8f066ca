import { Button, Modal, TextInput } from '@mantine/core';
import { defaultProject, operations, type Project } from '@lazaret/protocol';
import { useDisclosure } from '@mantine/hooks';
import { IconFolder, IconPlus } from '@tabler/icons-react';
import { type FormEvent, type ReactNode, useState } from 'react';

import { useAction, useOperation } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { RemoveButton } from '../../components/remove-button.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAllowed } from '../../session.ts';

const refreshes = [operations.access.projectList, operations.access.sessionShow];

/** Projects isolate the jobs and files of different teams. */
export function ProjectsTab(): ReactNode {
  const mayManage = useAllowed('projects.manage');
  const query = useOperation(operations.access.projectList, { query: { limit: 200 } });
  const [open, { open: show, close }] = useDisclosure(false);
  const columns: Column<Project>[] = [
    {
      label: 'Project',
      cell: ({ name }) => (
        <LinkAnchor to="/jobs" search={{ project: name }} className="row-link">
          {name}
        </LinkAnchor>
      ),
    },
    { label: 'Title', cell: ({ title }) => (title === '' ? null : <PlainText>{title}</PlainText>) },
    { label: 'Added', cell: ({ createdAt }) => <Timestamp at={createdAt} /> },
    {
      label: 'Actions',
      quiet: true,
      end: true,
      cell: ({ name }) => (mayManage && name !== defaultProject ? <Remove name={name} /> : null),
    },
  ];
  return (
    <>
      <Panel
        title="Projects"
        flush
        actions={
          mayManage && (
            <Button leftSection={<IconPlus size={16} />} onClick={show}>
              Add project
            </Button>
          )
        }
      >
        <QueryView query={query} rows={3}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon={IconFolder} title="No projects">
                Ask an administrator for access to a project.
              </EmptyState>
            ) : (
              <DataTable
                label="Projects"
                columns={columns}
                rows={items}
                rowKey={({ name }) => name}
              />
            )
          }
        </QueryView>
      </Panel>
      <Modal opened={open} onClose={close} title="Add project">
        <ProjectForm onDone={close} />
      </Modal>
    </>
  );
}

function Remove({ name }: { readonly name: string }): ReactNode {
  const remove = useAction(operations.access.projectDelete, { refreshes });
  return (
    <RemoveButton
      name={name}
      busy={remove.isPending}
      onConfirm={() => remove.mutate({ params: { name } })}
    >
      Only an empty project can be removed.
    </RemoveButton>
  );
}

function ProjectForm({ onDone }: { readonly onDone: () => void }): ReactNode {
  const [name, setName] = useState('');
  const [title, setTitle] = useState('');
  const create = useAction(operations.access.projectCreate, { quiet: true, refreshes, onDone });
  const send = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate({ body: { name: name.trim(), title: title.trim() } });
  };
  return (
    <form className="stack" onSubmit={send}>
      {create.error !== null && <ProblemNotice error={create.error} marked={['name', 'title']} />}
      <TextInput
        label="Name"
        description="Lower-case letters, digits, dots and dashes"
        required
        data-autofocus
        value={name}
        error={fieldMessage(create.error, 'name')}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label="Title"
        value={title}
        error={fieldMessage(create.error, 'title')}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <Button type="submit" loading={create.isPending}>
        Add project
      </Button>
    </form>
  );
}
