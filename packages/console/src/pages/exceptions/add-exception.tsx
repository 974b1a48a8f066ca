import { Button, Group, Select, Textarea, TextInput } from '@mantine/core';
import { isAboutSomething, missingTarget, operations } from '@lazaret/protocol';
import { type FormEvent, type ReactNode, useState } from 'react';

import { ProblemNotice } from '../../components/notice.tsx';
import { useAction } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import { useIdentity } from '../../session.ts';
import { targetLabels } from './exception-columns.tsx';
import { ExpiryInput, laterDay } from './expiry-input.tsx';
import { type TargetFields, type TargetName, targetNames } from './search.ts';

const { exceptions, policies } = operations;
const marked = [...targetNames, 'reason', 'owner', 'expires', 'project'];

const help: Readonly<Record<TargetName, string>> = {
  vulnerability: 'Advisory or CVE, such as CVE-2024-0001',
  package: 'purl, such as pkg:deb/openssl; without a version, all versions',
  signature: 'Signature or rule of a scanner, or a glob',
  path: 'Path or glob',
  rule: 'Rule of a policy; alone, the rule does not match at all',
  finding: 'ID of a finding in a decision',
  image: 'Only for this digest, or a glob for REGISTRY/REPOSITORY:TAG',
};

interface AddExceptionProps {
  readonly target: TargetFields;
  readonly project: string | undefined;
  readonly onClose: () => void;
}

/** The form of a new exception, with what is prefilled. */
export function AddException({ target, project: asked, onClose }: AddExceptionProps): ReactNode {
  const { projects, name: caller } = useIdentity();
  const [values, setValues] = useState(target);
  const [reason, setReason] = useState('');
  const [owner, setOwner] = useState('');
  const [expires, setExpires] = useState(() => laterDay());
  const [project, setProject] = useState(asked ?? null);
  const add = useAction(exceptions.add, {
    quiet: true,
    refreshes: [exceptions.list, policies.rejudgeStatus],
    successMessage: 'The exception is in force',
    onDone: onClose,
  });
  const { error } = add;
  const match = Object.fromEntries(
    targetNames.flatMap((one) => {
      const value = values[one]?.trim() ?? '';
      return value === '' ? [] : [[one, value]];
    }),
  );
  const isComplete = isAboutSomething(match);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    const given = { ...(owner.trim() && { owner: owner.trim() }), ...(project && { project }) };
    add.mutate({ body: { ...match, ...given, reason: reason.trim(), expires } });
  };
  return (
    <form className="stack" onSubmit={send}>
      {error !== null && <ProblemNotice error={error} marked={marked} />}
      <p className="dim small">
        All given fields have to match. {isComplete ? '' : `${sentence}.`}
      </p>
      <div className="grid-2">
        {targetNames.map((one) => (
          <TextInput
            key={one}
            label={targetLabels[one]}
            description={help[one]}
            spellCheck={false}
            value={values[one] ?? ''}
            error={fieldMessage(error, one)}
            onChange={(event) => setValues({ ...values, [one]: event.currentTarget.value })}
          />
        ))}
        {projects.length > 1 && (
          <Select
            label="Project"
            description="Exceptions apply to all policies of it"
            data={projects}
            value={project}
            error={fieldMessage(error, 'project')}
            onChange={setProject}
            placeholder={projects.includes('default') ? 'default' : (projects[0] ?? '')}
          />
        )}
      </div>
      <Textarea
        label="Reason"
        description="Why this is accepted"
        required
        autosize
        maxLength={2_000}
        value={reason}
        error={fieldMessage(error, 'reason')}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <div className="grid-2">
        <TextInput
          label="Owner"
          description="Who accepts it"
          placeholder={caller}
          value={owner}
          error={fieldMessage(error, 'owner')}
          onChange={(event) => setOwner(event.currentTarget.value)}
        />
        <ExpiryInput
          label="Expires"
          value={expires}
          error={fieldMessage(error, 'expires')}
          onChange={setExpires}
        />
      </div>
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button
          type="submit"
          loading={add.isPending}
          disabled={!isComplete || reason.trim() === '' || expires === ''}
        >
          Add exception
        </Button>
      </Group>
    </form>
  );
}

const sentence = `${missingTarget.charAt(0).toUpperCase()}${missingTarget.slice(1)}`;
