import { Button, Textarea } from '@mantine/core';
import { asProblem, type EngineManifestInput, operations } from '@lazaret/protocol';
import { IconCheck, IconPlus } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import { stringify } from 'yaml';

import { useAction, useOperation } from '../../data.ts';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { exampleManifest } from './example-manifest.ts';
import { manifestText } from './manifest-text.ts';
import { manifestPath, type ReadManifest, readManifest } from './read-manifest.ts';

/** Adds an engine, or a new revision of one, from a pasted manifest. */
export function AddEnginePage(): ReactNode {
  const { from } = useSearch({ from: '/shell/engines/new' });
  const navigate = useNavigate();
  const [text, setText] = useState(from === undefined ? exampleManifest : '');
  const read = useMemo(() => readManifest(text), [text]);
  const source = useOperation(
    operations.engines.show,
    { params: { name: from ?? 'none' } },
    { enabled: from !== undefined },
  );
  const known = source.data?.manifest;
  useEffect(() => {
    if (known !== undefined) setText(stringify(manifestText(known)));
  }, [known]);

  const validate = useAction(operations.engines.validate, { quiet: true });
  const add = useAction(operations.engines.add, {
    quiet: true,
    refreshes: [operations.engines.list, operations.engines.show],
    onDone: ({ name }) => void navigate({ to: '/engines/$name', params: { name } }),
  });
  const error = add.error ?? validate.error;
  // The server validates; the input is sent unchanged.
  const body = { manifest: read.value as unknown as EngineManifestInput };
  const reset = (): void => {
    validate.reset();
    add.reset();
  };
  return (
    <>
      <PageHeader
        title={from === undefined ? 'Add engine' : `New revision of ${from}`}
        eyebrow="Engines"
      >
        Paste a manifest. The image is pinned to its digest when the engine is added.
      </PageHeader>
      <Panel>
        <div className="panel-body stack">
          <Textarea
            className="yaml-editor"
            label="Manifest (YAML or JSON)"
            autosize
            minRows={16}
            maxRows={34}
            spellCheck={false}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              reset();
            }}
          />
          {read.problems.length > 0 && text.trim() !== '' && (
            <Notice tone="warning" title="Invalid YAML">
              {read.problems.map((problem) => (
                <p key={problem}>{problem}</p>
              ))}
            </Notice>
          )}
          {error !== null && <ManifestProblem error={error} read={read} />}
          {validate.isSuccess && (
            <Notice tone="succeeded" title="This manifest is valid">
              <p>The image is resolved when the engine is added.</p>
            </Notice>
          )}
          <div className="row">
            <Button
              leftSection={<IconPlus size={16} />}
              disabled={read.value === undefined}
              loading={add.isPending}
              onClick={() => {
                reset();
                add.mutate({ body });
              }}
            >
              {from === undefined ? 'Add engine' : 'Add revision'}
            </Button>
            <Button
              variant="default"
              leftSection={<IconCheck size={16} />}
              disabled={read.value === undefined}
              loading={validate.isPending}
              onClick={() => {
                reset();
                validate.mutate({ body });
              }}
            >
              Validate
            </Button>
          </div>
        </div>
      </Panel>
    </>
  );
}

interface ManifestProblemProps {
  readonly error: unknown;
  readonly read: ReadManifest;
}

/** The invalid fields with their line numbers. */
function ManifestProblem({ error, read }: ManifestProblemProps): ReactNode {
  const fields = asProblem(error)?.fields ?? [];
  if (fields.length === 0) return <ProblemNotice error={error} />;
  return (
    <Notice tone="failed" title="The manifest is not valid">
      <ul>
        {fields.map((field) => {
          const path = manifestPath(field);
          const line = read.lineOf(path);
          return (
            <li key={field.path}>
              {line !== undefined && <span className="dim">line {line}, </span>}
              <code>{path === '' ? 'manifest' : path}</code>: <PlainText>{field.message}</PlainText>
            </li>
          );
        })}
      </ul>
    </Notice>
  );
}
