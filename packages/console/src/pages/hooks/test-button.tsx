import { Button, Modal } from '@mantine/core';
import { operations, type HookTest } from '@lazaret/protocol';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

import { Notice } from '../../components/notice.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { useAction } from '../../data.ts';

/** Sends a test delivery and shows what happened. */
export function TestButton({ name }: { readonly name: string }): ReactNode {
  const [result, setResult] = useState<HookTest>();
  const test = useAction(operations.hooks.test, {
    refreshes: [operations.hooks.list, operations.hooks.deliveries],
    onDone: setResult,
  });
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        loading={test.isPending}
        aria-label={`Test the hook ${name}`}
        onClick={() => test.mutate({ params: { name } })}
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
