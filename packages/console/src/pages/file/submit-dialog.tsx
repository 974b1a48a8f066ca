/** A known file as jobs of one or several engines, without another upload. */
import { Button, Modal } from '@mantine/core';
import { limits, operations, plural } from '@lazaret/protocol';
import { IconSend } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { client } from '../../client.ts';
import { useIdentity } from '../../session.ts';
import { EngineLimits } from '../submit/engine-limits.tsx';
import { EnginePicker } from '../submit/engine-picker.tsx';
import { type EngineResult, EngineResults } from '../submit/engine-results.tsx';
import { hasInvalidOption, OptionsForm, type SubmitOptions } from '../submit/options-form.tsx';
import { ParameterPanels } from '../submit/parameter-panels.tsx';
import { invalidMessage, submissionOptions } from '../submit/plan-submission.ts';
import { type EngineChoice, useEngineChoice } from '../submit/use-engine-choice.ts';
import { randomKey } from '../submit/use-submission.ts';

export interface KnownFile {
  readonly sha256: string;
  /** Digest of the image to read it from, and its project. */
  readonly image?: string | undefined;
  readonly project?: string | undefined;
  /** A name that the operation takes. */
  readonly name?: string | undefined;
}

interface SubmitDialogProps {
  readonly file: KnownFile;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function SubmitDialog({ file, opened, onClose }: SubmitDialogProps): ReactNode {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      lockScroll={false}
      title="Submit to engines"
      size="min(760px, 96vw)"
    >
      <SubmitForm file={file} onClose={onClose} />
    </Modal>
  );
}

function SubmitForm({ file, onClose }: Omit<SubmitDialogProps, 'opened'>): ReactNode {
  const { projects } = useIdentity();
  const choice = useEngineChoice([]);
  const [isAttempted, setAttempted] = useState(false);
  const [options, setOptions] = useState<SubmitOptions>({
    ...{ tags: [], priority: 0, timeLimit: '' },
    project: file.project ?? (projects.includes('default') ? 'default' : projects[0]),
  });
  const { results, isBusy, start } = useSubmitFile({ file, choice, options, onClose });
  const isInvalid = choice.isInvalid || hasInvalidOption(options);
  const left = choice.engines.filter(({ name }) => !isSubmitted(results, name)).length;
  const [only] = choice.engines;
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setAttempted(true);
        if (!isInvalid) void start();
      }}
    >
      <p className="dim">
        The file becomes an artifact of the project, with the image, layer and path that it was
        taken from, and a job of each engine.
      </p>
      <EnginePicker value={choice.names} onChange={choice.choose} />
      {choice.engines.length === 1 && only !== undefined && <EngineLimits manifest={only} />}
      <ParameterPanels
        choice={choice}
        errorOf={(engine) => results.find((result) => result.engine === engine)?.error}
        showsAll={isAttempted}
      />
      <OptionsForm options={options} projects={projects} onChange={setOptions} />
      <EngineResults results={results} />
      <div className="submit-bar">
        {isInvalid && isAttempted && (
          <p className="problem-line small" role="alert">
            {invalidMessage(choice)}
          </p>
        )}
        {choice.names.length === 0 && (
          <p className="dim small" role="status">
            Choose an engine.
          </p>
        )}
        <Button
          type="submit"
          leftSection={<IconSend size={16} />}
          disabled={left === 0 || choice.engines.length < choice.names.length}
          loading={isBusy}
        >
          {left > 1 ? `Submit ${plural(left, 'job')}` : 'Submit'}
        </Button>
      </div>
    </form>
  );
}

interface SubmitAsk {
  readonly file: KnownFile;
  readonly choice: EngineChoice;
  readonly options: SubmitOptions;
  readonly onClose: () => void;
}

/** One engine after the other; a retry submits only what was refused. A single job is opened. */
function useSubmitFile({ file, choice, options, onClose }: SubmitAsk) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [results, setResults] = useState<readonly EngineResult[]>([]);
  const [isBusy, setBusy] = useState(false);
  const start = async (): Promise<void> => {
    setBusy(true);
    const done = results.filter(({ jobId }) => jobId !== undefined);
    for (const manifest of choice.engines) {
      const engine = manifest.name;
      if (isSubmitted(done, engine)) continue;
      const parameters = choice.parametersOf(manifest);
      done.push(await submitTo(engine, { file, parameters, options }));
      setResults([...done]);
    }
    setBusy(false);
    for (const { name } of [operations.jobs.list, operations.files.show]) {
      void queries.invalidateQueries({ queryKey: [name] });
    }
    const [only] = done;
    if (done.length > 1 || only?.jobId === undefined) return;
    onClose();
    await navigate({ to: '/jobs/$id', params: { id: only.jobId } });
  };
  return { results, isBusy, start };
}

interface SubmissionParts {
  readonly file: KnownFile;
  readonly parameters: Record<string, unknown>;
  readonly options: SubmitOptions;
}

async function submitTo(
  engine: string,
  { file, parameters, options }: SubmissionParts,
): Promise<EngineResult> {
  const { sha256, image } = file;
  const body = {
    ...{ engine, parameters },
    ...submissionOptions(options),
    ...memberName(file.name),
    ...(image === undefined ? {} : { image }),
  };
  const headers = { 'idempotency-key': randomKey() };
  try {
    const call = { params: { sha256 }, body };
    const { id } = await client.call(operations.files.submit, call, { headers });
    return { engine, jobId: id };
  } catch (error) {
    return { engine, error };
  }
}

function isSubmitted(results: readonly EngineResult[], engine: string): boolean {
  return results.some((result) => result.engine === engine && result.jobId !== undefined);
}

/** A name that the operations take: others are replaced by the server's own. */
export function memberName(name: string | undefined): { name?: string } {
  const last = name?.split('/').at(-1) ?? '';
  const { length } = new TextEncoder().encode(last);
  const isUsable = length > 0 && length <= limits.fileNameBytes && last !== '.' && last !== '..';
  return isUsable && !last.includes('\0') ? { name: last } : {};
}
