import { NumberInput, Select, TagsInput, TextInput } from '@mantine/core';
import { limits, parseDuration } from '@lazaret/protocol';
import type { ReactNode } from 'react';

export interface SubmitOptions {
  readonly tags: readonly string[];
  readonly priority: number;
  /** As typed: `90s`, `10m`; empty for the default of the engine. */
  readonly timeLimit: string;
  readonly project: string | undefined;
}

interface OptionsFormProps {
  readonly options: SubmitOptions;
  readonly projects: readonly string[];
  readonly onChange: (options: SubmitOptions) => void;
}

export function OptionsForm({ options, projects, onChange }: OptionsFormProps): ReactNode {
  const { tags, priority, timeLimit, project } = options;
  return (
    <div className="stack">
      <TagsInput
        label="Tags"
        description="Press Enter or comma to add a tag."
        maxTags={limits.tagsPerJob}
        maxLength={limits.tagChars}
        value={[...tags]}
        onChange={(next) => onChange({ ...options, tags: next })}
      />
      <div className="grid-3">
        {projects.length > 1 && (
          <Select
            label="Project"
            data={[...projects]}
            value={project ?? null}
            allowDeselect={false}
            onChange={(next) => onChange({ ...options, project: next ?? undefined })}
          />
        )}
        <NumberInput
          label="Priority"
          description="Higher runs first"
          min={-100}
          max={100}
          // An invalid value is an error and never replaced.
          clampBehavior="none"
          error={isPriority(priority) ? false : 'expected -100 to 100'}
          allowDecimal={false}
          value={priority}
          onChange={(next) =>
            onChange({ ...options, priority: typeof next === 'number' ? next : 0 })
          }
        />
        <TextInput
          label="Time limit"
          description="At most the engine's limit"
          placeholder="engine default"
          value={timeLimit}
          error={isTimeLimit(timeLimit) ? false : 'expected 90s, 10m or seconds'}
          onChange={(event) => onChange({ ...options, timeLimit: event.currentTarget.value })}
        />
      </div>
    </div>
  );
}

/** Whether the form has an error. */
export function hasInvalidOption({ priority, timeLimit }: SubmitOptions): boolean {
  return !isPriority(priority) || !isTimeLimit(timeLimit);
}

const priorityMax = 100;

function isPriority(priority: number): boolean {
  return Number.isInteger(priority) && Math.abs(priority) <= priorityMax;
}

function isTimeLimit(typed: string): boolean {
  return typed.trim() === '' || parseDuration(typed) !== undefined;
}
