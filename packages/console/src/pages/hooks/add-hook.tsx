import { Button, Checkbox, Select, TextInput } from '@mantine/core';
import {
  hookKindInfo,
  hookKindNames,
  type HookKind,
  type HookWithSecret,
  operations,
} from '@lazaret/protocol';
import { type FormEvent, type ReactNode, useState } from 'react';

import { serverUrl } from '../../base-urls.ts';
import { CodeBlock } from '../../components/copy.tsx';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { useAction, useOperation } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';

interface AddHookProps {
  readonly onClose: () => void;
}

/** Adds a hook, and shows what to enter in the registry. */
export function AddHook({ onClose }: AddHookProps): ReactNode {
  const add = useAction(operations.hooks.add, { quiet: true, refreshes: [operations.hooks.list] });
  if (add.data !== undefined) return <Instructions hook={add.data} onClose={onClose} />;
  return (
    <HookForm
      error={add.error}
      isPending={add.isPending}
      onSend={({ registry, ...body }) => {
        const { name, project } = registry;
        add.mutate({ body: { ...body, registry: name, project } });
      }}
    />
  );
}

interface HookInput {
  readonly name: string;
  readonly registry: { readonly name: string; readonly project: string };
  readonly kind: HookKind;
  readonly checkImage: boolean;
}

interface HookFormProps {
  readonly error: unknown;
  readonly isPending: boolean;
  readonly onSend: (input: HookInput) => void;
}

const kindOptions = hookKindNames.map((value) => ({ value, label: hookKindInfo(value).title }));

function HookForm({ error, isPending, onSend }: HookFormProps): ReactNode {
  const { data } = useOperation(operations.registries.list, { query: { limit: 200 } });
  const registries = data?.items.filter(({ address }) => address !== 'local') ?? [];
  const [name, setName] = useState('');
  const [id, setId] = useState<string | null>(null);
  const [kind, setKind] = useState<HookKind>();
  const [checkImage, setCheckImage] = useState(false);
  const registry = registries.find((one) => one.id === id);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (registry === undefined || kind === undefined) return;
    onSend({ name: name.trim() || registry.name, registry, kind, checkImage });
  };
  return (
    <form className="stack" onSubmit={send}>
      {error !== null && <ProblemNotice error={error} marked={['name', 'registry', 'kind']} />}
      <Select
        label="Registry"
        description="The registry that sends the notifications"
        required
        data={registries.map((one) => ({ value: one.id, label: `${one.name} (${one.address})` }))}
        value={id}
        error={fieldMessage(error, 'registry')}
        onChange={setId}
      />
      <Select
        label="Sender"
        description="Decides the form and the authentication of requests"
        required
        data={kindOptions}
        value={kind ?? null}
        error={fieldMessage(error, 'kind')}
        onChange={(next) => setKind(hookKindNames.find((one) => one === next))}
      />
      <TextInput
        label="Name"
        description="Default: the name of the registry"
        spellCheck={false}
        value={name}
        error={fieldMessage(error, 'name')}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Checkbox
        label={
          <>
            Also receive at <code>/check_image</code>, for senders that are configured for it
          </>
        }
        checked={checkImage}
        onChange={(event) => setCheckImage(event.currentTarget.checked)}
      />
      <Button
        type="submit"
        loading={isPending}
        disabled={registry === undefined || kind === undefined}
      >
        Add hook
      </Button>
    </form>
  );
}

interface InstructionsProps extends AddHookProps {
  readonly hook: HookWithSecret;
}

function Instructions({ hook, onClose }: InstructionsProps): ReactNode {
  const { url, secretUrl, generatedSecret, header, kind } = hook;
  return (
    <div className="stack">
      <Notice tone="moving" title="Enter this in the settings of the registry now">
        <p>The secret is shown only once.</p>
      </Notice>
      <div>
        <strong>Address</strong>
        <CodeBlock label="the address" value={secretUrl ?? url} />
      </div>
      {generatedSecret !== null && secretUrl === null && (
        <div>
          <strong>{secretLabel(hook.authentication, header)}</strong>
          <CodeBlock label="the secret" value={generatedSecret} />
        </div>
      )}
      <p className="dim small">
        Where to enter it in {hookKindInfo(kind).title}:{' '}
        <a href={`${serverUrl}/docs/registry-notifications`} target="_blank" rel="noreferrer">
          Notifications of registries
        </a>
      </p>
      <Button onClick={onClose}>Done</Button>
    </div>
  );
}

function secretLabel(
  authentication: HookWithSecret['authentication'],
  header: string | null,
): string {
  return authentication === 'header' ? `Value of the header ${header ?? ''}` : 'Secret';
}
