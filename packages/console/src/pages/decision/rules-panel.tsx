import { plural, type DecidedRule, type DecisionDetail, type RuleState } from '@lazaret/protocol';
import {
  IconAlertTriangle,
  IconCircleDashed,
  IconCircleX,
  IconListCheck,
  IconShieldOff,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';
import { SeverityBadge } from '../../components/verdict-badge.tsx';
import { AddExceptionLink } from '../exceptions/add-exception-link.tsx';
import { targetOfEvidence } from '../exceptions/exception-target.ts';

const statuses: Readonly<Record<RuleState, Status>> = {
  matched: { label: 'Matched', tone: 'failed', icon: IconCircleX },
  excepted: { label: 'Excepted', tone: 'cancelled', icon: IconShieldOff },
  error: { label: 'Error', tone: 'timed-out', icon: IconAlertTriangle },
  passed: { label: 'Passed', tone: 'succeeded', icon: IconListCheck },
  'not-applicable': { label: 'Not applicable', tone: 'cancelled', icon: IconCircleDashed },
};

interface RulesPanelProps {
  readonly decision: DecisionDetail;
}

/** Rules that matched, were excepted or are in error, with their evidence. */
export function RulesPanel({ decision }: RulesPanelProps): ReactNode {
  const { rules } = decision;
  return (
    <Panel title="Rules">
      {rules.length === 0 ? (
        <EmptyState icon={IconListCheck} title="No rule matched" small />
      ) : (
        <ul className="findings" aria-label="Rules">
          {rules.map((rule, index) => (
            <RuleRow key={index} rule={rule} decision={decision} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

interface RuleRowProps extends RulesPanelProps {
  readonly rule: DecidedRule;
}

function RuleRow({ rule, decision }: RuleRowProps): ReactNode {
  const { id, severity, state, message, reason, effect, evidence, image } = rule;
  const { project } = decision;
  const digest = image ?? decision.digest;
  return (
    <li className="finding">
      <SeverityBadge value={severity} />
      <div className="grow">
        <div className="row tight">
          <strong>{id}</strong>
          <StatusBadge status={statuses[state]} state={state} />
          {effect === 'none' && <span className="tag">no effect on the verdict</span>}
          {state === 'matched' && (
            <AddExceptionLink
              target={{ rule: id, image: digest }}
              project={project}
              about={`the rule ${id}`}
            />
          )}
        </div>
        {image !== null && <div className="mono small dim break">{image}</div>}
        {message !== null && (
          <div className="break">
            <PlainText>{message}</PlainText>
          </div>
        )}
        {reason !== null && (
          <div className="dim small break">
            <PlainText>{reason}</PlainText>
          </div>
        )}
        {evidence.map((one) => (
          <Evidence key={one.from} evidence={one} project={project} isOpen={state === 'matched'} />
        ))}
      </div>
    </li>
  );
}

interface EvidenceProps {
  readonly evidence: DecidedRule['evidence'][number];
  readonly project: string;
  readonly isOpen: boolean;
}

function Evidence({ evidence, project, isOpen }: EvidenceProps): ReactNode {
  const { from, total, items } = evidence;
  return (
    <details className="more small" open={isOpen}>
      <summary>
        {total.toLocaleString('en')} in <code>{from}</code>
      </summary>
      <ul className="faults">
        {items.map((item, index) => (
          <EvidenceRow key={index} from={from} item={item} project={project} />
        ))}
      </ul>
      {items.length < total && <p className="dim">and {plural(total - items.length, 'other')}</p>}
    </details>
  );
}

interface EvidenceRowProps {
  readonly from: string;
  readonly item: unknown;
  readonly project: string;
}

function EvidenceRow({ from, item, project }: EvidenceRowProps): ReactNode {
  const target = targetOfEvidence(from, item);
  const text = describeEvidence(item);
  return (
    <li>
      <span className="mono break">
        <PlainText>{text}</PlainText>
      </span>
      {target !== undefined && <AddExceptionLink target={target} project={project} about={text} />}
    </li>
  );
}

const names = ['id', 'class', 'rule', 'title', 'purl', 'path', 'fixed'] as const;
/** Of elements that have none of them, such as accounts. */
const otherNames = ['name', 'user', 'scanner', 'text', 'detail'] as const;
const textChars = 400;

/** The fields that identify an element, or all of it. */
function describeEvidence(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item).slice(0, textChars);
  const fields = item as Readonly<Record<string, unknown>>;
  const texts = (wanted: readonly string[]): string[] =>
    wanted.flatMap((name) => {
      const value = fields[name];
      return typeof value === 'string' && value !== '' ? [value] : [];
    });
  const isFinding = fields['rule'] !== undefined;
  const own = texts(isFinding ? names.filter((name) => name !== 'id') : names);
  const parts = own.length > 0 ? own : texts(otherNames);
  return (parts.length > 0 ? parts.join(' · ') : JSON.stringify(item)).slice(0, textChars);
}
