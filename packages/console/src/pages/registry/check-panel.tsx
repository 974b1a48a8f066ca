import { Button } from '@mantine/core';
import { operations, type Registry, type RegistryCheck } from '@lazaret/protocol';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconHelpCircle,
  IconStethoscope,
} from '@tabler/icons-react';
import { type ReactNode, useCallback, useEffect, useRef } from 'react';

import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAction } from '../../data.ts';
import { useAllowed } from '../../session.ts';
import { useNow } from '../../time.ts';

const validMs = 3_600_000;
const stepMs = 60_000;

const statuses: Readonly<Record<RegistryCheck['state'], Status>> = {
  ok: { label: 'Works', tone: 'succeeded', icon: IconCircleCheck },
  warning: { label: 'Warning', tone: 'timed-out', icon: IconAlertTriangle },
  failed: { label: 'Failed', tone: 'failed', icon: IconCircleX },
  unknown: { label: 'Unknown', tone: 'queued', icon: IconHelpCircle },
};

const labels: Readonly<Record<RegistryCheck['name'], string>> = {
  reach: 'Connection',
  tls: 'TLS',
  credentials: 'Credentials',
  'sign-in': 'Sign-in',
  catalog: 'List of repositories',
  tags: 'List of tags',
  delete: 'Deletion',
  referrers: 'Referrers',
  webhook: 'Notifications',
};

interface RegistryProps {
  readonly registry: Registry;
}

/** What works with a registry, as of the last check; an outdated one is repeated. */
export function CheckPanel({ registry }: RegistryProps): ReactNode {
  const mayManage = useAllowed('registries.manage');
  const { name, project, check } = registry;
  const run = useAction(operations.registries.check, {
    quiet: true,
    refreshes: [operations.registries.show],
  });
  const { mutate } = run;
  const repeat = useCallback(
    () => mutate({ params: { name }, query: { project } }),
    [mutate, name, project],
  );
  const reason = useOutdated(registry);
  useRepeat(registry, mayManage && reason !== undefined && registry.settings.enabled, repeat);
  const button = mayManage && (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<IconStethoscope size={14} />}
      loading={run.isPending}
      onClick={repeat}
    >
      {check === null ? 'Check' : 'Check again'}
    </Button>
  );
  return (
    <Panel title="What works" actions={button}>
      {run.error !== null && <ProblemNotice error={run.error} />}
      {check === null ? (
        <EmptyState
          icon={IconStethoscope}
          title={run.isPending ? 'Checking' : 'Not checked yet'}
          small
        >
          A check changes nothing in the registry.
        </EmptyState>
      ) : (
        <div className="stack tight">
          <p className={reason === undefined ? 'dim small' : 'small'}>
            Checked <Timestamp at={check.checkedAt} />
            {reason !== undefined &&
              (run.isPending ? `, ${reason}; checking again` : `, ${reason}`)}
          </p>
          {check.results.map((result) => (
            <div key={result.name} className="check-row">
              <StatusBadge status={statuses[result.state]} state={result.state} />
              <div className="grow">
                <strong>{labels[result.name]}</strong>
                <div className="dim small break">
                  <PlainText>{result.detail}</PlainText>
                </div>
              </div>
            </div>
          ))}
        </div>
      )}
    </Panel>
  );
}

/** Why the last check may not be true any more; undefined if it is recent. */
function useOutdated({ check, changedAt, problem }: Registry): string | undefined {
  const now = useNow(stepMs);
  if (check === null) return 'not checked yet';
  if (check.checkedAt < changedAt) return 'before the last change of the settings';
  if (problem !== null && check.checkedAt < problem.since) return 'before the last poll failed';
  return Date.parse(check.checkedAt) < now - validMs ? 'more than an hour ago' : undefined;
}

/** Once for each reason, so that a check that cannot run is not repeated. */
function useRepeat(registry: Registry, isDue: boolean, repeat: () => void): void {
  const asked = useRef('');
  const { id, check, changedAt, problem } = registry;
  const key = [id, check?.checkedAt, changedAt, problem?.since].join(' ');
  useEffect(() => {
    if (!isDue || asked.current === key) return;
    asked.current = key;
    repeat();
  }, [isDue, key, repeat]);
}
