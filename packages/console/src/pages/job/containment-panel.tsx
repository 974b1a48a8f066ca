import type { JobDetail } from '@lazaret/protocol';
import { IconShieldCheck, IconShieldLock, IconShieldX } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { EmptyState } from '../../components/empty-state.tsx';
import { ValueTable } from '../../components/value-table.tsx';

/** The settings that the container engine applied, read back after creation. */
export function ContainmentPanel({ job }: { readonly job: JobDetail }): ReactNode {
  const attempts = job.attemptList.filter((attempt) => attempt.containment !== null);
  if (attempts.length === 0) {
    return (
      <EmptyState icon={IconShieldLock} title="No container yet">
        The settings that the container engine applied are read back after creation and shown here.
      </EmptyState>
    );
  }
  return (
    <div className="panel-body stack">
      {attempts.toReversed().map((attempt) => (
        <section key={attempt.id} aria-label={`Containment of attempt ${attempt.number}`}>
          <div className="row between">
            <strong>Attempt {attempt.number}</strong>
            {attempt.outcome?.code === 'containment_mismatch' ? (
              <span className="state tone-failed">
                <IconShieldX size={15} aria-hidden /> Mismatch
              </span>
            ) : (
              <span className="state tone-succeeded">
                <IconShieldCheck size={15} aria-hidden /> Verified
              </span>
            )}
          </div>
          <ValueTable
            label={`Containment of attempt ${attempt.number}`}
            values={attempt.containment ?? {}}
          />
        </section>
      ))}
    </div>
  );
}
