import { Button, Select, TextInput } from '@mantine/core';
import { operations, watchSettings } from '@lazaret/protocol';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';

import { ProblemNotice } from '../../components/notice.tsx';
import { useAction } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { useIdentity } from '../../session.ts';
import { useProjectSearch } from '../images/image-columns.tsx';
import { changedValues, toValues } from './registry-fields.ts';
import { SettingFields } from './setting-fields.tsx';

const marked = ['name', 'address', 'project', ...Object.keys(watchSettings.shape)];
const defaults = toValues(watchSettings.parse({}));

/** The form that adds a registry, and leads to its page. */
export function AddRegistry(): ReactNode {
  const { projects } = useIdentity();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [address, setAddress] = useState('');
  const [project, setProject] = useState<string>();
  const [values, setValues] = useState(defaults);
  const search = useProjectSearch(project ?? projects[0]);
  const add = useAction(operations.registries.add, {
    quiet: true,
    refreshes: [operations.registries.list],
    onDone: (added) =>
      void navigate({ to: '/registries/$name', params: { name: added.name }, search }),
  });
  const send = (event: FormEvent): void => {
    event.preventDefault();
    const settings = changedValues(defaults, values);
    add.mutate({ body: { name: name.trim(), address: address.trim(), project, ...settings } });
  };
  const { error } = add;
  return (
    <form className="stack" onSubmit={send}>
      {error !== null && <ProblemNotice error={error} marked={marked} />}
      <TextInput
        label="Name"
        description="How it is called here: lower-case letters, digits, dots and dashes"
        required
        data-autofocus
        spellCheck={false}
        value={name}
        error={fieldMessage(error, 'name')}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label="Address"
        description="Host and port, as in image names; local for the local container engine"
        placeholder="registry.example.com:5000"
        required
        spellCheck={false}
        value={address}
        error={fieldMessage(error, 'address')}
        onChange={(event) => setAddress(event.currentTarget.value)}
      />
      {projects.length > 1 && (
        <Select
          label="Project"
          data={projects}
          value={project ?? null}
          error={fieldMessage(error, 'project')}
          onChange={(next) => setProject(next ?? undefined)}
        />
      )}
      <SettingFields values={values} onChange={setValues} error={error} />
      <Button type="submit" loading={add.isPending}>
        Add registry
      </Button>
    </form>
  );
}
