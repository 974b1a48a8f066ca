import { Button, Checkbox, JsonInput, NumberInput, Select, TextInput } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';

import { fieldMessage } from '../../failure.ts';
import { flatFields, type SchemaField } from './schema-fields.ts';

interface ParametersFormProps {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly values: Readonly<Record<string, unknown>>;
  readonly onChange: (values: Record<string, unknown>) => void;
  readonly error: unknown;
}

/** Parameters as form fields if the schema is flat, as JSON otherwise or on demand. */
export function ParametersForm({
  schema,
  values,
  onChange,
  error,
}: ParametersFormProps): ReactNode {
  const fields = useMemo(() => flatFields(schema), [schema]);
  const [asJson, setAsJson] = useState(false);
  return (
    <div className="stack">
      {fields === undefined || asJson ? (
        <JsonParameters values={values} onChange={onChange} />
      ) : (
        fields.map((field) => (
          <ParameterField
            key={field.name}
            field={field}
            value={values[field.name]}
            error={fieldMessage(error, field.name)}
            onChange={(value) => {
              const { [field.name]: _before, ...others } = values;
              onChange(value === undefined ? others : { ...others, [field.name]: value });
            }}
          />
        ))
      )}
      {fields !== undefined && (
        <div>
          <Button variant="subtle" size="compact-sm" onClick={() => setAsJson(!asJson)}>
            {asJson ? 'Edit as a form' : 'Edit as JSON'}
          </Button>
        </div>
      )}
    </div>
  );
}

interface ParameterFieldProps {
  readonly field: SchemaField;
  readonly value: unknown;
  readonly error: string | undefined;
  readonly onChange: (value: unknown) => void;
}

function ParameterField({ field, value, error, onChange }: ParameterFieldProps): ReactNode {
  const shared = {
    label: field.title,
    description: field.description,
    error: error ?? false,
    required: field.isRequired,
  };
  if (field.kind === 'boolean') {
    return (
      <Checkbox
        label={field.title}
        description={field.description}
        error={error ?? false}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  }
  if (field.kind === 'choice') {
    return (
      <Select
        {...shared}
        data={field.choices.map(String)}
        value={value === undefined ? null : String(value)}
        onChange={(chosen) => onChange(field.choices.find((choice) => String(choice) === chosen))}
        clearable={!field.isRequired}
      />
    );
  }
  if (field.kind === 'text') {
    return (
      <TextInput
        {...shared}
        value={typeof value === 'string' ? value : ''}
        onChange={({ currentTarget }) =>
          onChange(currentTarget.value === '' ? undefined : currentTarget.value)
        }
      />
    );
  }
  return (
    <NumberInput
      {...shared}
      value={typeof value === 'number' ? value : ''}
      allowDecimal={field.kind === 'number'}
      {...(field.minimum === undefined ? {} : { min: field.minimum })}
      {...(field.maximum === undefined ? {} : { max: field.maximum })}
      onChange={(typed) => onChange(typeof typed === 'number' ? typed : undefined)}
    />
  );
}

function JsonParameters({
  values,
  onChange,
}: Pick<ParametersFormProps, 'values' | 'onChange'>): ReactNode {
  const [text, setText] = useState(() => JSON.stringify(values, null, 2));
  const [problem, setProblem] = useState<string>();
  return (
    <JsonInput
      label="Parameters as JSON"
      className="yaml-editor"
      autosize
      minRows={5}
      maxRows={18}
      value={text}
      error={problem ?? false}
      onChange={(typed) => {
        setText(typed);
        try {
          const value: unknown = JSON.parse(typed);
          if (typeof value !== 'object' || value === null || Array.isArray(value)) {
            setProblem('expected an object such as {"depth": 3}');
            return;
          }
          setProblem(undefined);
          onChange(value as Record<string, unknown>);
        } catch (error) {
          setProblem(error instanceof Error ? error.message : 'expected JSON');
        }
      }}
    />
  );
}
