/** The inputs of the settings of a registry. */
import { NumberInput, Select, Switch, TagsInput, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';

import { fieldMessage } from '../../failure.ts';
import {
  kindOptions,
  settingGroups,
  type SettingName,
  type SettingValues,
  type TextSetting,
} from './registry-fields.ts';

interface SettingFieldsProps {
  readonly values: SettingValues;
  readonly onChange: (values: SettingValues) => void;
  /** The refusal of the server, whose fields are marked. */
  readonly error: unknown;
}

export function SettingFields({ values, onChange, error }: SettingFieldsProps): ReactNode {
  const set = (name: SettingName, value: unknown): void => onChange({ ...values, [name]: value });
  return (
    <>
      <Select
        label="Kind"
        data={[...kindOptions]}
        value={textOf(values.kind)}
        allowDeselect={false}
        error={fieldMessage(error, 'kind')}
        onChange={(kind) => set('kind', kind ?? 'oci')}
      />
      {settingGroups.map(({ title, fields }, at) => (
        <details key={title} className="more" open={at === 0}>
          <summary>{title}</summary>
          <div className="stack">
            {fields.map((field) => (
              <SettingInput
                key={field.name}
                field={field}
                value={values[field.name]}
                message={fieldMessage(error, field.name)}
                onChange={(value) => set(field.name, value)}
              />
            ))}
          </div>
        </details>
      ))}
    </>
  );
}

interface SettingInputProps {
  readonly field: TextSetting;
  readonly value: unknown;
  readonly message: string | undefined;
  readonly onChange: (value: unknown) => void;
}

function SettingInput({ field, value, message, onChange }: SettingInputProps): ReactNode {
  const { type, label, help } = field;
  const common = { label, description: help, error: message };
  if (type === 'list') {
    return (
      <TagsInput
        {...common}
        value={Array.isArray(value) ? value.map(String) : []}
        splitChars={[',', ' ']}
        acceptValueOnBlur
        onChange={onChange}
      />
    );
  }
  if (type === 'number') {
    return (
      <NumberInput
        {...common}
        min={0}
        allowDecimal={false}
        clampBehavior="none"
        value={typeof value === 'number' ? value : ''}
        onChange={onChange}
      />
    );
  }
  if (type === 'switch') {
    return (
      <Switch
        {...common}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
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
