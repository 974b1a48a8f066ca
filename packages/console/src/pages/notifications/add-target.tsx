import {
  Button,
  MultiSelect,
  SegmentedControl,
  Select,
  Switch,
  TagsInput,
  TextInput,
} from '@mantine/core';
import {
  eventKinds,
  operations,
  targetFormats,
  targetKinds,
  targetLayouts,
  targetTlsModes,
  type TargetKind,
  type TargetRequest,
} from '@lazaret/protocol';
import { type FormEvent, type ReactNode, useState } from 'react';

import { ProblemNotice } from '../../components/notice.tsx';
import { useAction } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { targetInputs, type InputInfo, type InputName, verdictOptions } from './target-inputs.ts';

const types = Object.keys(eventKinds);
const typeOptions = [...new Set(types.map((type) => `${type.split('.')[0] ?? ''}.*`)), ...types];
const marked = ['name', 'events', 'verdicts', ...targetInputs.map(({ name }) => name)];

/** The form that adds a target. */
export function AddTarget({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [kind, setKind] = useState<TargetKind>('webhook');
  const [values, setValues] = useState<Readonly<Record<string, unknown>>>({});
  const { add, list } = operations.notifications;
  const adding = useAction(add, { quiet: true, refreshes: [list], onDone: onClose });
  const { error } = adding;
  const set = (name: string, value: unknown): void => setValues({ ...values, [name]: value });
  const shown = targetInputs.filter(
    (input) => (input.kind ?? kind) === kind && input.except !== kind,
  );
  const send = (event: FormEvent): void => {
    event.preventDefault();
    const names = ['name', 'events', 'verdicts', ...shown.map(({ name }) => name)];
    const given = names.filter((name) => values[name] !== undefined && values[name] !== '');
    const settings = Object.fromEntries(given.map((name) => [name, values[name]]));
    // The server validates; the input is sent unchanged.
    adding.mutate({ body: { ...settings, kind } as TargetRequest });
  };
  return (
    <form className="stack" onSubmit={send}>
      {error !== null && <ProblemNotice error={error} marked={marked} />}
      <SegmentedControl
        aria-label="Kind"
        data={[
          { value: 'webhook', label: 'Webhook' },
          { value: 'email', label: 'Mail' },
          { value: 'file', label: 'Files' },
        ]}
        value={kind}
        onChange={(next) => setKind(targetKinds.find((one) => one === next) ?? 'webhook')}
      />
      <TextInput
        label="Name"
        required
        data-autofocus
        spellCheck={false}
        value={textOf(values['name'])}
        error={fieldMessage(error, 'name')}
        onChange={(event) => set('name', event.currentTarget.value.trim())}
      />
      <TagsInput
        label="Events"
        description="Types, all of a kind with job.*, or *"
        required
        data={typeOptions}
        limit={50}
        acceptValueOnBlur
        splitChars={[',', ' ']}
        value={listOf(values['events'])}
        error={fieldMessage(error, 'events')}
        onChange={(events) => set('events', events)}
      />
      <MultiSelect
        label="Verdicts"
        description="Only events with one of these"
        data={verdictOptions}
        value={listOf(values['verdicts'])}
        error={fieldMessage(error, 'verdicts')}
        onChange={(verdicts) => set('verdicts', verdicts)}
      />
      {shown.map((input) => (
        <TargetInput
          key={input.name}
          input={input}
          value={values[input.name]}
          message={fieldMessage(error, input.name)}
          onChange={(value) => set(input.name, value)}
        />
      ))}
      <Button type="submit" loading={adding.isPending}>
        Add target
      </Button>
    </form>
  );
}

interface TargetInputProps {
  readonly input: InputInfo;
  readonly value: unknown;
  readonly message: string | undefined;
  readonly onChange: (value: unknown) => void;
}

const choices: Readonly<Partial<Record<InputName, readonly string[]>>> = {
  format: targetFormats,
  tls: targetTlsModes,
  layout: targetLayouts,
};

function TargetInput({ input, value, message, onChange }: TargetInputProps): ReactNode {
  const { name, label, help, type, required = false } = input;
  const common = { label, description: help, error: message, required };
  if (type === 'switch') {
    return (
      <Switch
        {...{ label, description: help, error: message }}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  }
  if (type === 'choice') {
    const [first = '', ...others] = choices[name] ?? [];
    return (
      <Select
        {...common}
        data={[first, ...others]}
        allowDeselect={false}
        value={textOf(value) || first}
        onChange={onChange}
      />
    );
  }
  if (type === 'list') {
    return (
      <TagsInput
        {...common}
        splitChars={[',', ' ']}
        acceptValueOnBlur
        value={listOf(value)}
        onChange={onChange}
      />
    );
  }
  return (
    <TextInput
      {...common}
      spellCheck={false}
      value={textOf(value)}
      onChange={(event) => onChange(event.currentTarget.value.trim())}
    />
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
