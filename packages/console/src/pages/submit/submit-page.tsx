import { Button, SegmentedControl } from '@mantine/core';
import { type EngineManifest, limits, plural } from '@lazaret/protocol';
import { IconSend } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { notifyFailure } from '../../data.ts';
import { useIdentity } from '../../session.ts';
import { DropArea } from './drop-area.tsx';
import { EngineLimits } from './engine-limits.tsx';
import { EnginePicker } from './engine-picker.tsx';
import { hasInvalidOption, OptionsForm, type SubmitOptions } from './options-form.tsx';
import { ParameterPanels } from './parameter-panels.tsx';
import { invalidMessage, missingText, planEngine, submitWithoutFiles } from './plan-submission.ts';
import { UploadRow } from './upload-row.tsx';
import { useEngineChoice } from './use-engine-choice.ts';
import { isUnfinished, type Submission, useSubmission } from './use-submission.ts';

export function SubmitPage(): ReactNode {
  const { engine: wanted } = useSearch({ from: '/shell/submit' });
  const { projects } = useIdentity();
  const submission = useSubmission();
  const choice = useEngineChoice(wanted === undefined ? [] : [wanted]);
  const [together, setTogether] = useState(false);
  const [isAttempted, setAttempted] = useState(false);
  const [options, setOptions] = useState<SubmitOptions>({
    tags: [],
    priority: 0,
    timeLimit: '',
    project: projects.includes('default') ? 'default' : projects[0],
  });
  const { engines, parametersOf } = choice;
  const plans = engines.map((manifest) =>
    planEngine(manifest, { together, parameters: parametersOf(manifest), options }),
  );
  const isInvalid = choice.isInvalid || hasInvalidOption(options);
  const send = useSend({ submission, plans, engines, options });
  const largest = engines.map(({ input }) => input.maxBytes);
  return (
    <>
      <PageHeader title="Submit">
        Files are uploaded, stored by SHA-256, and analyzed in a container without network access.
      </PageHeader>
      <div className="submit-grid">
        <div className="stack">
          <Panel title="Files">
            <FileList
              submission={submission}
              maxBytes={Math.min(limits.uploadBytes, ...largest)}
              canJoin={engines.some(({ input }) => input.count.max > 1)}
              together={together}
              onTogether={setTogether}
            />
          </Panel>
          <ParameterPanels
            choice={choice}
            errorOf={(engine) => errorOf(submission, engine)}
            showsAll={isAttempted}
          />
          <Panel title="Options">
            <OptionsForm options={options} projects={projects} onChange={setOptions} />
          </Panel>
        </div>
        <div className="stack">
          <Panel title="Engines">
            <div className="stack">
              <EnginePicker value={choice.names} onChange={choice.choose} />
              {engines.length === 1 && engines[0] !== undefined && (
                <EngineLimits manifest={engines[0]} />
              )}
            </div>
          </Panel>
          <div className="submit-bar stack tight">
            {isInvalid && isAttempted && (
              <p className="problem-line small" role="alert">
                {invalidMessage(choice)}
              </p>
            )}
            {send.missing !== undefined && (
              <p className="dim small" role="status">
                {send.missing}
              </p>
            )}
            <Button
              size="md"
              fullWidth
              leftSection={<IconSend size={18} />}
              disabled={!send.isPossible}
              loading={submission.isBusy}
              onClick={() => {
                setAttempted(true);
                if (!isInvalid) void send.start();
              }}
            >
              {send.label}
            </Button>
          </div>
        </div>
      </div>
    </>
  );
}

/** The result of one file for an engine. */
function errorOf({ items }: Submission, engine: string): unknown {
  const results = items.flatMap((item) => item.results);
  return results.find((result) => result.engine === engine && result.error !== undefined)?.error;
}

interface SendAsk {
  readonly submission: Submission;
  readonly plans: readonly ReturnType<typeof planEngine>[];
  readonly engines: readonly EngineManifest[];
  readonly options: SubmitOptions;
}

/** Submits the remaining files; a single job is opened, several are listed by file and engine. */
function useSend({ submission, plans, engines, options }: SendAsk) {
  const navigate = useNavigate();
  const { items, isBusy } = submission;
  const pending = items.filter((item) => isUnfinished(item, plans)).length;
  const needsNone = engines.length > 0 && engines.every(({ input }) => input.count.min === 0);
  const jobs = plans.reduce(
    (sum, plan) => sum + (plan.together ? Math.min(1, pending) : pending),
    0,
  );
  const isPossible =
    plans.length > 0 && !isBusy && (pending > 0 || (needsNone && items.length === 0));
  const start = async (): Promise<void> => {
    try {
      const made =
        items.length === 0
          ? await submitWithoutFiles(plans)
          : await submission.start({ project: options.project, engines: plans });
      const [only] = made;
      if (only !== undefined && made.length === 1 && jobs <= 1) {
        await navigate({ to: '/jobs/$id', params: { id: only } });
      } else if (items.length === 0) await navigate({ to: '/jobs' });
    } catch (error) {
      notifyFailure(error);
    }
  };
  const missing = isBusy || isPossible ? undefined : missingText(engines, items.length);
  return {
    isPossible,
    missing,
    start,
    label: jobs > 1 ? `Submit ${plural(jobs, 'job')}` : 'Submit',
  };
}

interface FileListProps {
  readonly submission: Submission;
  readonly maxBytes: number;
  /** An engine accepts several files in one job. */
  readonly canJoin: boolean;
  readonly together: boolean;
  readonly onTogether: (together: boolean) => void;
}

function FileList(props: FileListProps): ReactNode {
  const { submission, maxBytes, canJoin, together, onTogether } = props;
  const { items, add, remove } = submission;
  return (
    <>
      <DropArea onFiles={add} maxBytes={maxBytes} />
      {items.length > 0 && (
        <ul className="job-rows">
          {items.map((item) => (
            <UploadRow key={item.key} item={item} onRemove={() => remove(item.key)} />
          ))}
        </ul>
      )}
      {canJoin && items.length > 1 && (
        <SegmentedControl
          mt={12}
          value={together ? 'together' : 'each'}
          onChange={(value) => onTogether(value === 'together')}
          data={[
            { value: 'each', label: 'One job per file' },
            { value: 'together', label: 'One job for all files' },
          ]}
        />
      )}
    </>
  );
}
