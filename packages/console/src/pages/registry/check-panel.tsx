import { Button } from '@mantine/core';
import { operations, type Registry, type RegistryCheck } from '@lazaret/protocol';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconHelpCircle,
  IconStethoscope,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAction } from '../../data.ts';
import { useAllowed } from '../../session.ts';

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

/** What works with a registry, as of the last check. */
export function CheckPanel({ registry }: { readonly registry: Registry }): ReactNode {
  const mayManage = useAllowed('registries.manage');
  const { name, project, check } = registry;
  const run = useAction(operations.registries.check, { refreshes: [operations.registries.show] });
  const button = mayManage && (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<IconStethoscope size={14} />}
      loading={run.isPending}
      onClick={() => run.mutate({ params: { name }, query: { project } })}
    >
      Check
    </Button>
  );
  return (
    <Panel title="What works" actions={button}>
      {check === null ? (
        <EmptyState icon={IconStethoscope} title="Not checked yet" small>
          A check changes nothing in the registry.
        </EmptyState>
      ) : (
        <div className="stack tight">
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
          <p className="dim small">
            Checked <Timestamp at={check.checkedAt} />
          </p>
        </div>
      )}
    </Panel>
  );
}
