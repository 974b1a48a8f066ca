import { operations, plural, type StoredException, type StoredPolicy } from '@lazaret/protocol';
import { IconChecklist } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { useOperation } from '../../data.ts';
import { useNow } from '../../time.ts';
import { listTarget, StateBadge } from '../exceptions/exception-columns.tsx';
import { toExceptionsQuery } from '../exceptions/search.ts';
import { useProjectSearch } from '../images/image-columns.tsx';
import { PolicyStateBadge } from '../policies/policy-state.tsx';

const { policies, exceptions } = operations;
const policyItems = 200;
const shown = 4;
const refetchMs = 30_000;
const dayMs = 86_400_000;

/** What needs attention about policies: refused files, and exceptions that expire soon. */
export function PoliciesPanel(): ReactNode {
  const day = useNow(dayMs);
  const all = useOperation(policies.list, { query: { limit: policyItems } }, { refetchMs });
  const soon = useOperation(
    exceptions.list,
    { query: { ...toExceptionsQuery({ state: 'soon' }, day), limit: shown } },
    { refetchMs },
  );
  return (
    <Panel
      title="Policies"
      flush
      actions={
        <LinkAnchor to="/policies" size="sm">
          All<span className="visually-hidden"> policies</span>
        </LinkAnchor>
      }
    >
      <QueryView query={all} rows={2}>
        {({ items }) => <Attention policies={items} soon={soon.data?.items ?? []} />}
      </QueryView>
    </Panel>
  );
}

interface AttentionProps {
  readonly policies: readonly StoredPolicy[];
  readonly soon: readonly StoredException[];
}

function Attention({ policies: all, soon }: AttentionProps): ReactNode {
  const refused = all.filter(({ problem }) => problem !== null);
  const inForce = all.filter((policy) => policy.inForce).length;
  if (refused.length + soon.length === 0) {
    const title = `${plural(inForce, 'policy', 'policies')} in force`;
    return (
      <EmptyState icon={IconChecklist} title={title} small>
        No file is refused, and no exception expires soon.
      </EmptyState>
    );
  }
  return (
    <ul className="job-rows">
      {refused.slice(0, shown).map((policy) => (
        <PolicyRow key={`${policy.project}/${policy.name}`} policy={policy} />
      ))}
      {soon.map((exception) => (
        <ExceptionRow key={exception.id} exception={exception} />
      ))}
    </ul>
  );
}

function PolicyRow({ policy }: { readonly policy: StoredPolicy }): ReactNode {
  const { name, project, problem } = policy;
  const search = useProjectSearch(project);
  return (
    <li className="job-row">
      <PolicyStateBadge policy={policy} />
      <div className="grow">
        <Link to="/policies/$name" params={{ name }} search={search} className="job-row-name">
          {name}
        </Link>
        <div className="dim small break">
          <PlainText>{problem?.faults[0]?.message ?? ''}</PlainText>
        </div>
      </div>
    </li>
  );
}

function ExceptionRow({ exception }: { readonly exception: StoredException }): ReactNode {
  const [first] = listTarget(exception.match);
  return (
    <li className="job-row">
      <StateBadge exception={exception} />
      <div className="grow">
        <Link to="/exceptions" search={{ state: 'soon' }} className="job-row-name">
          Exception for <PlainText>{first?.[1] ?? ''}</PlainText>
        </Link>
        <div className="dim small break">
          <PlainText>{exception.reason}</PlainText>
        </div>
      </div>
    </li>
  );
}
