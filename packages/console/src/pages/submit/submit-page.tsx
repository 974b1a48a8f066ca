import { Button, SegmentedControl } from '@mantine/core';
import { limits, operations } from '@lazaret/protocol';
import { IconSend } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';

import { client } from '../../client.ts';
import { notifyFailure, useOperation } from '../../data.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { useIdentity } from '../../session.ts';
import { DropArea } from './drop-area.tsx';
import { EngineLimits } from './engine-limits.tsx';
import { EnginePicker } from './engine-picker.tsx';
import { OptionsForm, type SubmitOptions } from './options-form.tsx';
import { ParametersForm } from './parameters-form.tsx';
import { schemaDefaults } from './schema-fields.ts';
import { UploadRow } from './upload-row.tsx';
import { type StoredInput, useSubmission } from './use-submission.ts';

export function SubmitPage(): ReactNode {
  const { engine: requested } = useSearch({ from: '/shell/submit' });
  const navigate = useNavigate();
  const { projects } = useIdentity();
  const submission = useSubmission();
  const [name, setName] = useState(requested);
  const [together, setTogether] = useState(false);
  const [parameters, setParameters] = useState<Record<string, unknown>>({});
  const [options, setOptions] = useState<SubmitOptions>({
    tags: [],
    priority: 0,
    timeLimit: '',
    project: projects.includes('default') ? 'default' : projects[0],
  });
  const chosen = useChosenEngine(name, setName);
  const manifest = chosen.data?.manifest;
  const schema = manifest?.parameters?.schema;
  useEffect(() => setParameters(schema === undefined ? {} : schemaDefaults(schema)), [schema]);

  const { items, isBusy } = submission;
  const pending = items.filter((item) => item.phase !== 'done').length;
  const takesMany = (manifest?.input.count.max ?? 1) > 1;
  const needsNone = manifest?.input.count.min === 0;
  const isTogether = takesMany && (together || (manifest?.input.count.min ?? 1) > 1);
  const canSend =
    name !== undefined && !isBusy && (pending > 0 || (needsNone && items.length === 0));

  const submit = (engine: string) => (inputs: StoredInput[], key: string) =>
    client.call(
      operations.jobs.submit,
      { body: { engine, inputs, parameters, ...submissionOptions(options) } },
      { headers: { 'idempotency-key': key } },
    );
  const send = async (engine: string): Promise<void> => {
    try {
      const made =
        items.length === 0
          ? [(await submit(engine)([], crypto.getRandomValues(new Uint32Array(4)).join('-'))).id]
          : await submission.start({
              project: options.project,
              together: isTogether,
              submit: submit(engine),
            });
      const [only] = made;
      if (only !== undefined && made.length === 1 && pending <= (isTogether ? pending : 1)) {
        await navigate({ to: '/jobs/$id', params: { id: only } });
      }
    } catch (error) {
      notifyFailure(error);
    }
  };
  return (
    <>
      <PageHeader title="Submit">
        Files are uploaded, stored by SHA-256, and analyzed in a container without network access.
      </PageHeader>
      <div className="submit-grid">
        <div className="stack">
          <Panel title="Files">
            <DropArea
              onFiles={submission.add}
              maxBytes={manifest?.input.maxBytes ?? limits.uploadBytes}
            />
            {items.length > 0 && (
              <ul className="job-rows">
                {items.map((item) => (
                  <UploadRow
                    key={item.key}
                    item={item}
                    onRemove={() => submission.remove(item.key)}
                  />
                ))}
              </ul>
            )}
            {takesMany && pending > 1 && (
              <SegmentedControl
                mt={12}
                value={isTogether ? 'together' : 'each'}
                onChange={(value) => setTogether(value === 'together')}
                data={[
                  { value: 'each', label: 'One job per file' },
                  { value: 'together', label: 'One job for all files' },
                ]}
              />
            )}
          </Panel>
          {schema !== undefined && (
            <Panel title="Parameters">
              <ParametersForm
                key={name}
                schema={schema}
                values={parameters}
                onChange={setParameters}
                error={items.find((item) => item.error !== undefined)?.error}
              />
            </Panel>
          )}
          <Panel title="Options">
            <OptionsForm options={options} projects={projects} onChange={setOptions} />
          </Panel>
        </div>
        <div className="stack">
          <Panel title="Engine">
            <div className="stack">
              <EnginePicker value={name} onChange={setName} />
              {manifest !== undefined && <EngineLimits manifest={manifest} />}
            </div>
          </Panel>
          <div className="submit-bar">
            <Button
              size="md"
              fullWidth
              leftSection={<IconSend size={18} />}
              disabled={!canSend}
              loading={isBusy}
              onClick={() => void (name === undefined ? undefined : send(name))}
            >
              {submitLabel(pending, isTogether)}
            </Button>
          </div>
        </div>
      </div>
    </>
  );
}

/** Details of the selected engine; a single enabled engine is selected automatically. */
function useChosenEngine(name: string | undefined, choose: (name: string) => void) {
  const list = useOperation(operations.engines.list, { query: { limit: 200 } });
  const usable = (list.data?.items ?? []).filter((engine) => engine.enabled);
  const only = usable.length === 1 ? usable[0]?.name : undefined;
  useEffect(() => {
    if (name === undefined && only !== undefined) choose(only);
  }, [name, only, choose]);
  return useOperation(
    operations.engines.show,
    { params: { name: name ?? 'none' } },
    { enabled: name !== undefined },
  );
}

function submissionOptions({ tags, priority, timeLimit, project }: SubmitOptions) {
  return {
    tags: [...tags],
    priority,
    ...(timeLimit.trim() === '' ? {} : { timeLimit: timeLimit.trim() }),
    ...(project === undefined ? {} : { project }),
  };
}

function submitLabel(count: number, isTogether: boolean): string {
  if (count <= 1 || isTogether) return 'Submit';
  return `Submit ${count} jobs`;
}
