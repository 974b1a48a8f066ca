import { Button, Checkbox, Group, Textarea, TextInput } from '@mantine/core';
import { formatSize, operations, plural, type QuarantinePlan } from '@lazaret/protocol';
import { type FormEvent, type ReactNode, useState } from 'react';

import { Field } from '../../components/field.tsx';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { useAction } from '../../data.ts';

const { quarantine, actions } = operations;

interface AddImageProps {
  readonly onClose: () => void;
}

/** Shows what quarantining an image would change, then asks for the reason. */
export function AddImage({ onClose }: AddImageProps): ReactNode {
  const [image, setImage] = useState('');
  const plan = useAction(quarantine.plan, { quiet: true });
  const find = (event: FormEvent): void => {
    event.preventDefault();
    plan.mutate({ body: { image: image.trim() } });
  };
  return (
    <div className="stack">
      <form className="stack" onSubmit={find}>
        <TextInput
          label="Image"
          description="HOST/REPOSITORY:TAG@DIGEST of a configured registry"
          required
          spellCheck={false}
          value={image}
          data-autofocus
          onChange={(event) => {
            setImage(event.currentTarget.value);
            plan.reset();
          }}
        />
        {plan.error !== null && <ProblemNotice error={plan.error} />}
        {plan.data === undefined && (
          <Button type="submit" loading={plan.isPending} disabled={image.trim() === ''}>
            Show what would change
          </Button>
        )}
      </form>
      {plan.data !== undefined && (
        <ConfirmPlan plan={plan.data} image={image.trim()} onClose={onClose} />
      )}
    </div>
  );
}

interface ConfirmPlanProps extends AddImageProps {
  readonly plan: QuarantinePlan;
  readonly image: string;
}

function ConfirmPlan({ plan, image, onClose }: ConfirmPlanProps): ReactNode {
  const [reason, setReason] = useState('');
  const [confirm, setConfirm] = useState<string[]>([]);
  const add = useAction(quarantine.add, {
    quiet: true,
    refreshes: [quarantine.list, actions.list],
    onDone: onClose,
  });
  const isConfirmed = plan.unconfirmed.every((name) => confirm.includes(name));
  const send = (event: FormEvent): void => {
    event.preventDefault();
    add.mutate({ body: { image, reason: reason.trim(), confirm } });
  };
  return (
    <form className="stack" onSubmit={send}>
      <PlanFields plan={plan} />
      {plan.deletion !== 'enabled' && (
        <Notice tone="warning" title="The image may stay in the registry">
          <p>{deletionNotes[plan.deletion]}</p>
        </Notice>
      )}
      {plan.unconfirmed.length > 0 && (
        <Checkbox.Group
          label="These disappear too"
          description="Confirm each of them"
          value={confirm}
          onChange={setConfirm}
        >
          <div className="stack tight">
            {plan.unconfirmed.map((name) => (
              <Checkbox key={name} value={name} label={<PlainText>{name}</PlainText>} />
            ))}
          </div>
        </Checkbox.Group>
      )}
      <Textarea
        label="Reason"
        description="For the audit log"
        required
        autosize
        maxLength={1_000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value.replaceAll(/\s/g, ' '))}
      />
      {add.error !== null && <ProblemNotice error={add.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button
          type="submit"
          color="red.8"
          autoContrast={false}
          loading={add.isPending}
          disabled={reason.trim() === '' || !isConfirmed}
        >
          Quarantine
        </Button>
      </Group>
    </form>
  );
}

const deletionNotes = {
  disabled: 'Deletion is disabled in the registry: the image is only blocked.',
  denied: 'The credentials do not allow deletion: the image is only blocked.',
  unknown: 'Whether the registry deletes images could not be found out.',
} as const;

const modeLabels = {
  remove: 'Remove from the registry',
  move: 'Move to the quarantine repository',
  block: 'Block only',
} as const;

function PlanFields({ plan }: { readonly plan: QuarantinePlan }): ReactNode {
  const { tags, children, shared, parents, referrers, missing, mode, target } = plan;
  const counts = [
    plural(plan.manifests, 'manifest'),
    plural(plan.blobs, 'blob'),
    formatSize(plan.sizeBytes),
  ];
  const lists = [
    ['Tags that disappear', tags],
    ['Indexes that contain it', parents.map(({ digest }) => digest)],
    ['Images of the index', children],
    ['Stays, because others use it', shared.map(({ digest }) => digest)],
    ['Signatures and SBOMs', referrers],
    ['Missing in the registry', missing],
  ] as const;
  return (
    <dl className="fields">
      <Field label="Mode">{modeLabels[mode]}</Field>
      <Field label="Evidence">{counts.join(', ')}</Field>
      <Field label="Free space">{formatSize(plan.freeBytes)}</Field>
      {target !== null && (
        <Field label="Copy" wide>
          {target}
        </Field>
      )}
      {lists
        .filter(([, names]) => names.length > 0)
        .map(([label, names]) => (
          <Field key={label} label={label} wide>
            <span className="break">
              <PlainText>{names.join(', ')}</PlainText>
            </span>
          </Field>
        ))}
    </dl>
  );
}
