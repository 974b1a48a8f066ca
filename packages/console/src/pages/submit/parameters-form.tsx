import { Button, Checkbox, JsonInput, Select, TagsInput, TextInput } from '@mantine/core';
import { type ReactNode, useMemo, useState } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { fieldMessage } from '../../failure.ts';
import {
  checkField,
  flatFields,
  parseList,
  parseTyped,
  type SchemaField,
} from './schema-fields.ts';

interface ParametersFormProps {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly values: Readonly<Record<string, unknown>>;
  readonly onChange: (values: Record<string, unknown>) => void;
  /** Errors of the server for the last submission. */
  readonly error: unknown;
  /** Missing values are errors too, after an attempt to submit. */
  readonly showsAll: boolean;
}

/** A form for flat schemas; JSON for others and on demand. */
export function ParametersForm(props: ParametersFormProps): ReactNode {
  const { schema, values, onChange, error, showsAll } = props;
  const fields = useMemo(() => flatFields(schema), [schema]);
  const [asJson, setAsJson] = useState(false);
  return (
    <div className="stack">
      {fields === undefined || asJson ? (
        <JsonParameters values={values} onChange={onChange} />
      ) : (
        fields.map((field) => {
          const value = values[field.name];
          const isChecked = showsAll || value !== undefined;
          const own = isChecked ? checkField(field, value) : undefined;
          return (
            <ParameterField
              key={field.name}
              field={field}
              value={value}
              error={own ?? fieldMessage(error, field.name)}
              onChange={(next) => {
                const { [field.name]: _before, ...others } = values;
                onChange(next === undefined ? others : { ...others, [field.name]: next });
              }}
            />
          );
        })
      )}
      {fields !== undefined && (
        <div>
          <Button
            variant="subtle"
            size="compact-sm"
            onClick={() => {
              setAsJson(!asJson);
              // The form shows the last values that were valid.
              if (isUnreadable(values)) onChange(readable(values));
            }}
          >
            {asJson ? 'Edit as a form' : 'Edit as JSON'}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Marks values whose JSON cannot be read as it is typed now; symbols are never sent. */
const unreadable = Symbol('unreadable JSON');

function markUnreadable(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.assign({ ...values }, { [unreadable]: true });
}

function isUnreadable(values: Readonly<Record<string, unknown>>): boolean {
  return unreadable in values;
}

function readable(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values));
}

/** Whether the form has an error; what JSON says is checked by the server. */
export function hasInvalidParameter(
  schema: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, unknown>>,
): boolean {
  const fields = flatFields(schema) ?? [];
  if (isUnreadable(values)) return true;
  return fields.some((field) => checkField(field, values[field.name]) !== undefined);
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
    description: <Explanation field={field} />,
    error: error ?? false,
    required: field.isRequired,
  };
  if (field.kind === 'boolean') {
    return (
      <Checkbox
        label={field.title}
        description={<Explanation field={field} />}
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
  if (field.kind === 'list') {
    return (
      <TagsInput
        {...shared}
        value={Array.isArray(value) ? value.map(textOf) : []}
        onChange={(typed) => onChange(parseList(field, typed))}
      />
    );
  }
  return <TypedField {...shared} field={field} value={value} onChange={onChange} />;
}

type TypedFieldProps = Pick<ParameterFieldProps, 'field' | 'value' | 'onChange'> & {
  readonly label: string;
  readonly description: ReactNode;
  readonly error: string | boolean;
  readonly required: boolean;
};

/** The typed text is kept; an invalid value is an error and never replaced. */
function TypedField({ field, value, onChange, ...shared }: TypedFieldProps): ReactNode {
  const [typed, setTyped] = useState(textOf(value));
  // The value changed elsewhere, as in the JSON editor.
  const shown = parseTyped(field, typed) === value ? typed : textOf(value);
  const isNumber = field.kind === 'number' || field.kind === 'integer';
  return (
    <TextInput
      {...shared}
      value={shown}
      spellCheck={false}
      {...(isNumber ? { inputMode: 'decimal' as const } : {})}
      {...(field.example === undefined ? {} : { placeholder: `for example ${field.example}` })}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        onChange(parseTyped(field, currentTarget.value));
      }}
    />
  );
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number);
}

/** The description of the author of the engine, and the allowed values. */
function Explanation({ field }: { readonly field: SchemaField }): ReactNode {
  const { description, constraint } = field;
  if (description === '' && constraint === '') return null;
  return (
    <>
      <PlainText>{description}</PlainText>
      {description !== '' && constraint !== '' && ' · '}
      <span className="mono">
        <PlainText>{constraint}</PlainText>
      </span>
    </>
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
        const refuse = (reason: string): void => {
          setProblem(reason);
          onChange(markUnreadable(values));
        };
        try {
          const value: unknown = JSON.parse(typed);
          if (typeof value !== 'object' || value === null || Array.isArray(value)) {
            refuse('expected an object such as {"depth": 3}');
            return;
          }
          setProblem(undefined);
          onChange(value as Record<string, unknown>);
        } catch (error) {
          refuse(error instanceof Error ? error.message : 'expected JSON');
        }
      }}
    />
  );
}
