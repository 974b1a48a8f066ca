import { Button } from '@mantine/core';
import { operations, type PolicyTestResult, type PolicyTestRun } from '@lazaret/protocol';
import { IconCircleCheck, IconCircleX, IconTestPipe } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

import { EmptyState } from '../../components/empty-state.tsx';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';
import { useAction } from '../../data.ts';
import { PolicyVerdictBadge } from '../decisions/decision-status.tsx';

const passed: Status = { label: 'Passed', tone: 'succeeded', icon: IconCircleCheck };
const failed: Status = { label: 'Failed', tone: 'failed', icon: IconCircleX };

interface TestsPanelProps {
  readonly document: string;
  readonly isValid: boolean;
}

/** Runs the test cases of the document. */
export function TestsPanel({ document, isValid }: TestsPanelProps): ReactNode {
  const run = useAction(operations.policies.test, { quiet: true });
  const [tested, setTested] = useState('');
  const start = (
    <Button
      variant="default"
      leftSection={<IconTestPipe size={16} />}
      loading={run.isPending}
      disabled={!isValid}
      onClick={() => {
        setTested(document);
        run.mutate({ body: { document } });
      }}
    >
      Run tests
    </Button>
  );
  return (
    <Panel title="Tests" actions={start}>
      <div className="stack tight">
        {run.data === undefined && run.error === null && (
          <p className="dim">
            Runs the <code>tests</code> of the document, as <code>lazaret policy test</code> does.
          </p>
        )}
        {run.error !== null && <ProblemNotice error={run.error} />}
        {run.data !== undefined && tested !== document && <ChangedNotice />}
        {run.data !== undefined && <TestRun run={run.data} />}
      </div>
    </Panel>
  );
}

/** A result is about an earlier text. */
export function ChangedNotice(): ReactNode {
  return <Notice tone="warning" title="The document was changed after this result" />;
}

function TestRun({ run }: { readonly run: PolicyTestRun }): ReactNode {
  if (run.tests.length === 0) {
    return (
      <EmptyState icon={IconTestPipe} title="The document has no test cases" small>
        Add <code>tests</code> with facts of an image and what is expected.
      </EmptyState>
    );
  }
  return (
    <>
      <div role="status">
        <strong>
          {run.failed > 0 ? `${run.failed} failed, ` : ''}
          {run.passed} passed
        </strong>
      </div>
      <ul className="test-list">
        {run.tests
          .toSorted((a, b) => Number(a.passed) - Number(b.passed))
          .map((test) => (
            <TestRow key={test.name} test={test} />
          ))}
      </ul>
    </>
  );
}

function TestRow({ test }: { readonly test: PolicyTestResult }): ReactNode {
  const { name, problems, differences, decided } = test;
  return (
    <li>
      <details open={!test.passed}>
        <summary>
          <StatusBadge status={test.passed ? passed : failed} />
          <span className="break">
            <PlainText>{name}</PlainText>
          </span>
        </summary>
        <div className="details stack tight small">
          {problems.map((problem) => (
            <div key={problem} className="difference">
              <PlainText>{problem}</PlainText>
            </div>
          ))}
          {differences.map((one) => (
            <Difference key={one.what} difference={one} />
          ))}
          {decided !== null && <Decided decided={decided} />}
        </div>
      </details>
    </li>
  );
}

interface DifferenceProps {
  readonly difference: PolicyTestResult['differences'][number];
}

function Difference({ difference }: DifferenceProps): ReactNode {
  const { what, expected, actual, reason } = difference;
  return (
    <div className="difference">
      <strong>{what}</strong>
      <div className="expected">
        expected <PlainText>{expected}</PlainText>
      </div>
      <div className="actual">
        actual <PlainText>{actual}</PlainText>
      </div>
      {reason !== null && (
        <div className="dim">
          because <PlainText>{reason}</PlainText>
        </div>
      )}
    </div>
  );
}

function Decided({
  decided,
}: {
  readonly decided: NonNullable<PolicyTestResult['decided']>;
}): ReactNode {
  const { verdict, inspection, rules, actions, reasons } = decided;
  return (
    <dl className="fields">
      <div>
        <dt>Verdict</dt>
        <dd>
          <PolicyVerdictBadge verdict={verdict} />
        </dd>
      </div>
      <div>
        <dt>Inspection</dt>
        <dd>{inspection}</dd>
      </div>
      <div>
        <dt>Actions</dt>
        <dd>
          {actions.length === 0
            ? 'none'
            : actions.map(({ action, state }) => (
                <div key={action}>
                  {action} <span className="dim">{state}</span>
                </div>
              ))}
        </dd>
      </div>
      {rules.map(({ id, state, message, reason }) => (
        <div key={id} className="wide">
          <dt>
            Rule {id}: {state}
          </dt>
          <dd>
            <PlainText>{message ?? reason ?? ''}</PlainText>
          </dd>
        </div>
      ))}
      {rules.length === 0 && reasons.length > 0 && (
        <div className="wide">
          <dt>Reasons</dt>
          <dd>
            <PlainText>{reasons.join('; ')}</PlainText>
          </dd>
        </div>
      )}
    </dl>
  );
}
