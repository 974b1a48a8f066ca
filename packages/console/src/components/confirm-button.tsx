import { Button, type ButtonProps, Group, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';

interface ConfirmButtonProps {
  readonly label: string;
  readonly question: string;
  readonly children: ReactNode;
  readonly onConfirm: () => void;
  readonly icon?: ReactNode;
  readonly button?: ButtonProps;
  readonly busy?: boolean;
  /** The action is not destructive. */
  readonly isHarmless?: boolean;
}

/** A button with a confirmation dialog. */
export function ConfirmButton(props: ConfirmButtonProps): ReactNode {
  const [open, { open: ask, close }] = useDisclosure(false);
  return (
    <>
      <Button
        variant="default"
        leftSection={props.icon}
        loading={props.busy ?? false}
        onClick={ask}
        {...props.button}
      >
        {props.label}
      </Button>
      <Modal opened={open} onClose={close} title={props.question}>
        <div className="stack">
          <div>{props.children}</div>
          <Group justify="flex-end">
            <Button variant="default" onClick={close} data-autofocus>
              Back
            </Button>
            <Button
              {...(props.isHarmless === true ? {} : { color: 'red.8', autoContrast: false })}
              onClick={() => {
                close();
                props.onConfirm();
              }}
            >
              {props.label}
            </Button>
          </Group>
        </div>
      </Modal>
    </>
  );
}
