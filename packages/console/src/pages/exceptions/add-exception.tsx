import { Button, Group, Textarea, TextInput } from '@mantine/core';
import { isAboutSomething, missingTarget, operations } from '@lazaret/protocol';
import { type FormEvent, type ReactNode, useState } from 'react';

import { ProblemNotice } from '../../components/notice.tsx';
import { useAction } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import {
  AcceptanceFields,
  acceptanceNames,
  requestOf,
  useAcceptance,
} from './acceptance-fields.tsx';
import { targetLabels } from './exception-columns.tsx';
import { type TargetFields, type TargetName, targetNames } from './search.ts';

const { exceptions, policies } = operations;
const marked = [...targetNames, 'reason', ...acceptanceNames];

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
export function AddException({ target, project, onClose }: AddExceptionProps): ReactNode {
  const [values, setValues] = useState(target);
  const [reason, setReason] = useState('');
  const [acceptance, setAcceptance] = useAcceptance(project);
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
    add.mutate({ body: { ...match, ...requestOf(acceptance), reason: reason.trim() } });
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
      <AcceptanceFields
        value={acceptance}
        error={error}
        ownerHelp="Who accepts it"
        expiresLabel="Expires"
        onChange={setAcceptance}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button
          type="submit"
          loading={add.isPending}
          disabled={!isComplete || reason.trim() === '' || acceptance.expires === ''}
        >
          Add exception
        </Button>
      </Group>
    </form>
  );
}

const sentence = `${missingTarget.charAt(0).toUpperCase()}${missingTarget.slice(1)}`;
