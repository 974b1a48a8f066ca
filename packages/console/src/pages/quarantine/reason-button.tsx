import { Button, type ButtonProps, Group, Modal, TagsInput, Textarea } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { asProblem } from '@lazaret/protocol';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';

import { ProblemNotice } from '../../components/notice.tsx';

export interface ReasonInput {
  readonly reason: string;
  /** Names that the server asked to confirm. */
  readonly names: string[];
}

interface ReasonButtonProps {
  readonly label: string;
  readonly question: string;
  /** What will happen. */
  readonly children: ReactNode;
  readonly icon?: ReactNode;
  readonly button?: ButtonProps;
  readonly isDestructive?: boolean;
  /** Asked for when the server wants names to be confirmed. */
  readonly namesLabel?: string;
  readonly action: {
    readonly isPending: boolean;
    readonly error: Error | null;
    readonly reset: () => void;
  };
  /** Calls `close` when it is done. */
  readonly onConfirm: (input: ReasonInput, close: () => void) => void;
}

/** A button with a dialog that asks for the reason, and for names if the server wants them. */
export function ReasonButton(props: ReasonButtonProps): ReactNode {
  const [open, { open: ask, close }] = useDisclosure(false);
  useFocusAfterwards(open);
  const { label, question, icon, button, action } = props;
  return (
    <>
      <Button variant="default" leftSection={icon} {...button} onClick={ask}>
        {label}
      </Button>
      <Modal
        opened={open}
        title={question}
        onClose={() => {
          action.reset();
          close();
        }}
      >
        <ReasonForm {...props} onClose={close} />
      </Modal>
    </>
  );
}

const closingMs = 400;

/** The focus goes to the title of the page when the action removes the button. */
function useFocusAfterwards(isOpen: boolean): void {
  const wasOpen = useRef(false);
  useEffect(() => {
    wasOpen.current ||= isOpen;
  }, [isOpen]);
  useEffect(
    () => () => {
      if (!wasOpen.current) return;
      setTimeout(() => {
        if (document.activeElement === document.body) document.querySelector('h1')?.focus();
      }, closingMs);
    },
    [],
  );
}

function ReasonForm(props: ReasonButtonProps & { readonly onClose: () => void }): ReactNode {
  const { label, children, isDestructive, namesLabel, action, onConfirm, onClose } = props;
  const [reason, setReason] = useState('');
  const [names, setNames] = useState<string[]>([]);
  const isAsked = asProblem(action.error)?.code === 'confirmation_required';
  const send = (event: FormEvent): void => {
    event.preventDefault();
    onConfirm({ reason: reason.trim(), names }, onClose);
  };
  return (
    <form className="stack" onSubmit={send}>
      <div>{children}</div>
      <Textarea
        label="Reason"
        description="For the audit log"
        required
        autosize
        maxLength={1_000}
        value={reason}
        data-autofocus
        onChange={(event) => setReason(event.currentTarget.value.replaceAll(/\s/g, ' '))}
      />
      {action.error !== null && <ProblemNotice error={action.error} />}
      {namesLabel !== undefined && (isAsked || names.length > 0) && (
        <TagsInput label={namesLabel} value={names} onChange={setNames} />
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button
          type="submit"
          loading={action.isPending}
          disabled={reason.trim() === ''}
          {...(isDestructive === true && { color: 'red.8', autoContrast: false })}
        >
          {label}
        </Button>
      </Group>
    </form>
  );
}
