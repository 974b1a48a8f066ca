import { Button, Group, Modal } from '@mantine/core';
import { operations, type Hook, type HookTest } from '@lazaret/protocol';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

import { Notice } from '../../components/notice.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { RemoveButton } from '../../components/remove-button.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { useAction } from '../../data.ts';

const { deliveries, list, remove, test } = operations.hooks;
const refreshes = [list, deliveries];

/** What can be done with a hook: test, remove. */
export function HookActions({ hook }: { readonly hook: Hook }): ReactNode {
  const { name, source } = hook;
  return (
    <Group gap="xs" justify="flex-end">
      <TestButton name={name} />
      {source === 'api' && <RemoveHook name={name} />}
    </Group>
  );
}

function RemoveHook({ name }: { readonly name: string }): ReactNode {
  const removing = useAction(remove, { refreshes, successMessage: 'Hook removed' });
  return (
    <RemoveButton
      name={name}
      busy={removing.isPending}
      onConfirm={() => removing.mutate({ params: { name } })}
    >
      Requests to its address are refused from now on, and its deliveries are removed, also dead
      letters. What it reported stays recorded.
    </RemoveButton>
  );
}

/** Sends a test delivery and shows what happened. */
function TestButton({ name }: { readonly name: string }): ReactNode {
  const [result, setResult] = useState<HookTest>();
  const testing = useAction(test, { refreshes, onDone: setResult });
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        loading={testing.isPending}
        aria-label={`Test the hook ${name}`}
        onClick={() => testing.mutate({ params: { name } })}
      >
        Test
      </Button>
      <Modal
        opened={result !== undefined}
        onClose={() => setResult(undefined)}
        title={`Test of ${name}`}
      >
        {result !== undefined && <TestResult result={result} />}
      </Modal>
    </>
  );
}

const passed = { label: 'OK', tone: 'succeeded', icon: IconCircleCheck };
const failed = { label: 'Failed', tone: 'failed', icon: IconCircleX };

function TestResult({ result }: { readonly result: HookTest }): ReactNode {
  return (
    <div className="stack">
      <Notice
        tone={result.ok ? 'succeeded' : 'failed'}
        title={result.ok ? 'The hook works' : 'The hook does not work'}
      >
        <p className="dim">
          Answered {result.status} in {result.answerMs} ms. Whether the registry reaches the server
          is not tested.
        </p>
      </Notice>
      {result.steps.map(({ name, ok, detail }) => (
        <div key={name}>
          <StatusBadge status={ok ? passed : failed} /> <strong>{name}</strong>
          <div className="dim break">
            <PlainText>{detail}</PlainText>
          </div>
        </div>
      ))}
    </div>
  );
}
