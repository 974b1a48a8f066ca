import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { operations, type Registry, watchSettings } from '@lazaret/protocol';
import {
  IconBuildingWarehouse,
  IconEdit,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconTrash,
  IconWebhook,
} from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';

import { ConfirmButton } from '../../components/confirm-button.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { LinkButton } from '../../components/router-link.tsx';
import { useAction } from '../../data.ts';
import { useAllowed } from '../../session.ts';
import { changedValues, toValues } from '../registries/registry-fields.ts';
import { SettingFields } from '../registries/setting-fields.tsx';

const refreshes = [operations.registries.list, operations.registries.show];

interface RegistryProps {
  readonly registry: Registry;
}

/** Poll, change, disable and remove a registry. */
export function RegistryActions({ registry }: RegistryProps): ReactNode {
  const mayManage = useAllowed('registries.manage');
  const mayManageHooks = useAllowed('hooks.manage');
  const { name, settings, source, project, address } = registry;
  return (
    <div className="row">
      <LinkButton
        to="/arrivals"
        search={{ registry: name }}
        variant="default"
        leftSection={<IconBuildingWarehouse size={16} />}
      >
        Arrivals
      </LinkButton>
      {mayManageHooks && address !== 'local' && (
        <LinkButton to="/hooks" variant="default" leftSection={<IconWebhook size={16} />}>
          Hooks
        </LinkButton>
      )}
      {mayManage && source === 'api' && (
        <>
          <EnableButton registry={registry} />
          <EditButton registry={registry} />
          <RemoveButton name={name} project={project} />
        </>
      )}
      {mayManage && settings.enabled && <PollButton registry={registry} />}
    </div>
  );
}

function PollButton({ registry }: RegistryProps): ReactNode {
  const { name, project, poll } = registry;
  const sync = useAction(operations.registries.sync, { refreshes });
  return (
    <Button
      leftSection={<IconRefresh size={16} />}
      loading={sync.isPending || poll.running}
      onClick={() => sync.mutate({ params: { name }, query: { project } })}
    >
      Poll now
    </Button>
  );
}

function EnableButton({ registry }: RegistryProps): ReactNode {
  const { name, project, settings } = registry;
  const update = useAction(operations.registries.update, { refreshes });
  const { enabled } = settings;
  return (
    <Button
      variant="default"
      leftSection={enabled ? <IconPlayerPause size={16} /> : <IconPlayerPlay size={16} />}
      loading={update.isPending}
      onClick={() =>
        update.mutate({ params: { name }, query: { project }, body: { enabled: !enabled } })
      }
    >
      {enabled ? 'Disable' : 'Enable'}
    </Button>
  );
}

function EditButton({ registry }: RegistryProps): ReactNode {
  const [open, { open: show, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" leftSection={<IconEdit size={16} />} onClick={show}>
        Edit
      </Button>
      <Modal
        opened={open}
        onClose={close}
        title={`Settings of ${registry.name}`}
        size="lg"
        closeOnClickOutside={false}
      >
        <EditForm registry={registry} onDone={close} />
      </Modal>
    </>
  );
}

const marked = Object.keys(watchSettings.shape);

function EditForm({
  registry,
  onDone,
}: RegistryProps & { readonly onDone: () => void }): ReactNode {
  const { name, project } = registry;
  const [before] = useState(() => toValues(registry.settings));
  const [values, setValues] = useState(before);
  const update = useAction(operations.registries.update, { quiet: true, refreshes, onDone });
  const body = changedValues(before, values);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    update.mutate({ params: { name }, query: { project }, body });
  };
  return (
    <form className="stack" onSubmit={send}>
      {update.error !== null && <ProblemNotice error={update.error} marked={marked} />}
      <SettingFields values={values} onChange={setValues} error={update.error} />
      <Button type="submit" loading={update.isPending} disabled={Object.keys(body).length === 0}>
        Save
      </Button>
    </form>
  );
}

function RemoveButton({ name, project }: Pick<Registry, 'name' | 'project'>): ReactNode {
  const navigate = useNavigate();
  const remove = useAction(operations.registries.remove, {
    refreshes: [operations.registries.list],
    onDone: () => void navigate({ to: '/registries' }),
  });
  return (
    <ConfirmButton
      label="Remove"
      question={`Remove ${name}?`}
      icon={<IconTrash size={16} />}
      busy={remove.isPending}
      onConfirm={() => remove.mutate({ params: { name }, query: { project } })}
    >
      It is no longer watched; its tag history and arrivals are deleted. Inspected images are kept.
      Nothing is changed in the registry itself.
    </ConfirmButton>
  );
}
