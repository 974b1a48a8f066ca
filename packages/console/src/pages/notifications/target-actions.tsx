import { Button, Group, Modal } from '@mantine/core';
import { operations, type NotificationTarget, type TargetTest } from '@lazaret/protocol';
import { type ReactNode, useState } from 'react';

import { Notice } from '../../components/notice.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { RemoveButton } from '../../components/remove-button.tsx';
import { useAction } from '../../data.ts';

const { list, deliveries, test, resume, replayAll, remove } = operations.notifications;
const refreshes = [list, deliveries];

/** What can be done with a target: test, send at once, replay dead letters, remove. */
export function TargetActions({ target }: { readonly target: NotificationTarget }): ReactNode {
  const { name, state, counts } = target;
  const params = { name };
  const [result, setResult] = useState<TargetTest>();
  const testing = useAction(test, { refreshes, onDone: setResult });
  const resuming = useAction(resume, { refreshes, successMessage: 'Deliveries are sent now' });
  const replaying = useAction(replayAll, {
    refreshes,
    successMessage: 'The dead letters are sent again',
  });
  return (
    <Group gap="xs" justify="flex-end">
      {(state === 'failing' || state === 'paused') && (
        <Button
          variant="default"
          size="compact-sm"
          loading={resuming.isPending}
          aria-label={state === 'paused' ? `Resume ${name}` : `Send now to ${name}`}
          onClick={() => resuming.mutate({ params })}
        >
          {state === 'paused' ? 'Resume' : 'Send now'}
        </Button>
      )}
      {counts.dead > 0 && (
        <Button
          variant="default"
          size="compact-sm"
          loading={replaying.isPending}
          aria-label={`Replay all dead letters of ${name}`}
          onClick={() => replaying.mutate({ params })}
        >
          Replay all
        </Button>
      )}
      <Button
        variant="default"
        size="compact-sm"
        loading={testing.isPending}
        aria-label={`Test the target ${name}`}
        onClick={() => testing.mutate({ params })}
      >
        Test
      </Button>
      {target.source === 'api' && <RemoveTarget name={name} />}
      <Modal
        opened={result !== undefined}
        onClose={() => setResult(undefined)}
        title={`Test of ${name}`}
      >
        {result !== undefined && <TestResult result={result} />}
      </Modal>
    </Group>
  );
}

function RemoveTarget({ name }: { readonly name: string }): ReactNode {
  const removing = useAction(remove, { refreshes, successMessage: 'Target removed' });
  return (
    <RemoveButton
      name={name}
      busy={removing.isPending}
      onConfirm={() => removing.mutate({ params: { name } })}
    >
      Its deliveries are removed too, also those that were not sent yet.
    </RemoveButton>
  );
}

function TestResult({ result }: { readonly result: TargetTest }): ReactNode {
  const { ok, detail, durationMs } = result;
  return (
    <Notice
      tone={ok ? 'succeeded' : 'failed'}
      title={ok ? `Delivered in ${durationMs} ms` : 'Not delivered'}
    >
      <p className="break">
        <PlainText>{detail}</PlainText>
      </p>
    </Notice>
  );
}
