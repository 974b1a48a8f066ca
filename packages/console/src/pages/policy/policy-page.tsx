import { operations, type StoredPolicyDetail } from '@lazaret/protocol';
import { IconTrash } from '@tabler/icons-react';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { ConfirmButton } from '../../components/confirm-button.tsx';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAction, useOperation } from '../../data.ts';
import { useAllowed } from '../../session.ts';
import { useProjectSearch } from '../images/image-columns.tsx';
import {
  describeScope,
  FaultText,
  PolicySourceText,
  PolicyStateBadge,
} from '../policies/policy-state.tsx';
import { RejudgePanel } from '../policies/rejudge-panel.tsx';
import { PolicyEditor } from './policy-editor.tsx';
import { VersionsPanel } from './versions-panel.tsx';

const { policies } = operations;
const refetchMs = 5_000;

/** One policy with its document, versions, tests and what a change would do. */
export function PolicyPage(): ReactNode {
  const { name } = useParams({ from: '/shell/policies/$name' });
  const { project } = useSearch({ from: '/shell/policies/$name' });
  const call = { params: { name }, query: project === undefined ? {} : { project } };
  const query = useOperation(policies.show, call, { refetchMs });
  return (
    <QueryView query={query} rows={10}>
      {(policy) => <PolicyView policy={policy} />}
    </QueryView>
  );
}

interface PolicyProps {
  readonly policy: StoredPolicyDetail;
}

function PolicyView({ policy }: PolicyProps): ReactNode {
  const { version } = useSearch({ from: '/shell/policies/$name' });
  const { name, project, description, source } = policy;
  return (
    <>
      <PageHeader
        title={name}
        eyebrow={<LinkAnchor to="/policies">Policies</LinkAnchor>}
        actions={<RemoveButton policy={policy} />}
      >
        {description !== null && <PlainText>{description}</PlainText>}
      </PageHeader>
      <div className="stack">
        <Refusal policy={policy} />
        <SourceNotice policy={policy} />
        <Panel>
          <div className="panel-body">
            <PolicyFields policy={policy} />
          </div>
        </Panel>
        {version === undefined || Number(version) === policy.version ? (
          <CurrentDocument policy={policy} />
        ) : (
          <EarlierDocument policy={policy} version={Number(version)} />
        )}
        {source !== 'built-in' && <VersionsPanel policy={policy} />}
        <RejudgePanel projects={[project]} />
      </div>
    </>
  );
}

/** The newest content of the file is not valid. */
function Refusal({ policy: { problem, file, inForce, version } }: PolicyProps): ReactNode {
  if (problem === null) return null;
  const title = inForce
    ? `The file is not valid: version ${version} stays in force`
    : 'The file is not valid, and no version is in force';
  return (
    <Notice tone={inForce ? 'warning' : 'failed'} title={title}>
      <p className="dim">
        <span className="mono">
          <PlainText>{file ?? ''}</PlainText>
        </span>
        , since <Timestamp at={problem.since} />. It is read again by itself.
      </p>
      <ul>
        {problem.faults.map((fault, index) => (
          <li key={index}>
            <FaultText fault={fault} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function SourceNotice({ policy: { source, file } }: PolicyProps): ReactNode {
  if (source === 'api') return null;
  if (source === 'built-in') {
    return (
      <Notice tone="moving" title="This policy ships with Lazaret">
        <p>Applying a changed document replaces it in this project.</p>
      </Notice>
    );
  }
  return (
    <Notice tone="moving" title="This policy is read from a file and cannot be changed here">
      <p>
        Change{' '}
        <span className="mono">
          <PlainText>{file ?? ''}</PlainText>
        </span>{' '}
        in the directory of policies of the server. It is read every few seconds.
      </p>
    </Notice>
  );
}

function PolicyFields({ policy }: PolicyProps): ReactNode {
  const { project, version, priority, rules, actions, changedAt, changedBy, source } = policy;
  return (
    <dl className="fields">
      <Field label="State">
        <PolicyStateBadge policy={policy} />
      </Field>
      <Field label="Version">{version === 0 ? 'none' : version}</Field>
      <Field label="Project">{project}</Field>
      <Field label="Source">
        <PolicySourceText policy={policy} />
      </Field>
      <Field label="Priority">{priority}</Field>
      <Field label="Rules">{rules}</Field>
      {source !== 'built-in' && (
        <Field label="Changed">
          <Timestamp at={changedAt} /> <span className="dim">by {changedBy}</span>
        </Field>
      )}
      <Field label="Applies to">
        <PlainText>{describeScope(policy)}</PlainText>
      </Field>
      <Field label="Actions" wide>
        <span className="row">
          {Object.entries(actions).map(([action, state]) => (
            <span key={action} className="nowrap">
              {action} <span className="dim small">{actionStates[state] ?? state}</span>
            </span>
          ))}
        </span>
      </Field>
    </dl>
  );
}

const actionStates: Readonly<Record<string, string>> = {
  apply: 'on',
  'dry-run': 'dry run',
  off: 'off',
};

function CurrentDocument({ policy }: PolicyProps): ReactNode {
  const isEditable = useAllowed('policies.manage') && policy.source !== 'file';
  // The editor keeps what was typed when another user applies another version.
  const [base, setBase] = useState(policy);
  const [isChanged, setChanged] = useState(false);
  if (base.version !== policy.version && !isChanged) setBase(policy);
  return (
    <>
      {base.version !== policy.version && (
        <Notice tone="warning" title={`Version ${policy.version} was applied in the meantime`}>
          <p>
            By {policy.changedBy}.{' '}
            <button type="button" className="link-button" onClick={() => setChanged(false)}>
              Load it and discard your changes
            </button>
          </p>
        </Notice>
      )}
      {base.inForce && (
        <PolicyEditor
          key={base.version}
          title="Document"
          document={base.document}
          project={base.project}
          policy={base}
          isEditable={isEditable}
          onChanged={setChanged}
        />
      )}
    </>
  );
}

interface EarlierProps extends PolicyProps {
  readonly version: number;
}

function EarlierDocument({ policy, version }: EarlierProps): ReactNode {
  const { name, project, source } = policy;
  const search = useProjectSearch(project);
  const isEditable = useAllowed('policies.manage') && source === 'api';
  const call = { params: { name }, query: { project, version } };
  const query = useOperation(policies.show, call);
  return (
    <>
      <Notice tone="moving" title={`Version ${version}, which is not in force`}>
        <LinkAnchor to="/policies/$name" params={{ name }} search={search}>
          Show version {policy.version}
        </LinkAnchor>
      </Notice>
      <QueryView query={query} rows={10}>
        {({ document, sha256 }) => (
          <PolicyEditor
            key={`${version} ${sha256 ?? ''}`}
            title={`Document of version ${version}`}
            document={document}
            project={project}
            policy={policy}
            isEditable={isEditable}
            isDraft
          />
        )}
      </QueryView>
    </>
  );
}

function RemoveButton({ policy }: PolicyProps): ReactNode {
  const { name, project, source } = policy;
  const navigate = useNavigate();
  const mayManage = useAllowed('policies.manage');
  const remove = useAction(policies.remove, {
    refreshes: [policies.list, policies.rejudgeStatus],
    onDone: () => void navigate({ to: '/policies', ignoreBlocker: true }),
  });
  if (!mayManage || source !== 'api') return null;
  return (
    <ConfirmButton
      label="Remove"
      question={`Remove the policy ${name}?`}
      icon={<IconTrash size={16} />}
      busy={remove.isPending}
      onConfirm={() => remove.mutate({ params: { name }, query: { project } })}
    >
      Its versions are kept. The images that it decided about are judged again by the next policy
      that applies to them.
    </ConfirmButton>
  );
}
