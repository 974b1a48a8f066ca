import { Button, Group, Modal } from '@mantine/core';
import { operations, type StoredPolicy } from '@lazaret/protocol';
import { IconArrowBackUp, IconCheck } from '@tabler/icons-react';
import { useBlocker, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useRef, useState } from 'react';

import { CodeEditor, type EditorHandle } from '../../components/code-editor.tsx';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { useAction } from '../../data.ts';
import { useAllowed } from '../../session.ts';
import { useProjectSearch } from '../images/image-columns.tsx';
import { CheckPanel } from './check-panel.tsx';
import { PreviewPanel } from './preview-panel.tsx';
import { TestsPanel } from './tests-panel.tsx';
import { toMarks, useCheck } from './use-check.ts';

const { policies } = operations;

interface PolicyEditorProps {
  readonly title: string;
  /** The document with which the editor starts. */
  readonly document: string;
  readonly project: string | undefined;
  /** The policy that is edited; undefined for a new one. */
  readonly policy?: StoredPolicy;
  /** Whether the document may be changed and applied here. */
  readonly isEditable: boolean;
  /** An unchanged document can be applied too: a new one, or an earlier version. */
  readonly isDraft?: boolean;
  /** Told whether the document differs from the one with which the editor started. */
  readonly onChanged?: (isChanged: boolean) => void;
}

/** A document with its check, its tests, and what it would change; it can be applied. */
export function PolicyEditor(props: PolicyEditorProps): ReactNode {
  const { title, document, project, policy, isEditable, isDraft = false, onChanged } = props;
  const [text, setText] = useState(document);
  const change = (next: string): void => {
    setText(next);
    onChanged?.(next !== document);
  };
  // Trying a document can take long, so it is for those who could apply it.
  const mayTry = useAllowed('policies.manage');
  const check = useCheck(text, mayTry);
  const editor = useRef<EditorHandle>(null);
  const isChanged = text !== document;
  const isValid = check.data?.valid === true && !check.isPending;
  return (
    <div className={mayTry ? 'policy-grid' : 'stack'}>
      <div className="stack">
        <Panel
          title={title}
          actions={
            isEditable && (
              <>
                {isChanged && (
                  <Button
                    variant="default"
                    leftSection={<IconArrowBackUp size={16} />}
                    onClick={() => change(document)}
                  >
                    Discard changes
                  </Button>
                )}
                <ApplyButton
                  text={text}
                  project={project}
                  policy={policy}
                  name={check.data?.name ?? null}
                  isReady={isValid && (isChanged || isDraft)}
                  onApplied={() => onChanged?.(false)}
                />
              </>
            )
          }
        >
          <CodeEditor
            label="Policy document"
            value={text}
            onChange={isEditable ? change : undefined}
            marks={toMarks(check.data)}
            handle={editor}
          />
        </Panel>
      </div>
      {mayTry && (
        <>
          <div className="stack">
            <CheckPanel check={check} onGoTo={(position) => editor.current?.goTo(position)} />
            <TestsPanel document={text} isValid={isValid} />
          </div>
          <div className="wide">
            <PreviewPanel project={project} document={text} isValid={isValid} />
          </div>
        </>
      )}
      <LeaveGuard isChanged={isEditable && isChanged} />
    </div>
  );
}

interface ApplyButtonProps extends Pick<PolicyEditorProps, 'project'> {
  readonly text: string;
  readonly policy: StoredPolicy | undefined;
  /** Name in the document. */
  readonly name: string | null;
  readonly isReady: boolean;
  readonly onApplied: () => void;
}

function ApplyButton(props: ApplyButtonProps): ReactNode {
  const { text, project, policy, name, isReady, onApplied } = props;
  const navigate = useNavigate();
  const search = useProjectSearch(project);
  const apply = useAction(policies.apply, {
    quiet: true,
    refreshes: [policies.list, policies.show, policies.rejudgeStatus],
    successMessage: 'The policy is in force',
    onDone: (output) => {
      onApplied();
      const params = { name: output.name };
      void navigate({ to: '/policies/$name', params, search, ignoreBlocker: true });
    },
  });
  // The document of another name is another policy, which must not exist yet.
  const isSame = policy !== undefined && policy.name === name;
  const expectedVersion = isSame ? policy.version : 0;
  const label = isSame && policy.version > 0 ? 'Apply as new version' : 'Apply';
  return (
    <>
      <ConfirmButton
        label={label}
        question={`Put the policy ${name ?? ''} in force?`}
        icon={<IconCheck size={16} />}
        button={{ variant: 'filled', disabled: !isReady }}
        busy={apply.isPending}
        isHarmless
        onConfirm={() =>
          apply.mutate({ body: { document: text, expectedVersion, ...(project && { project }) } })
        }
      >
        <p>
          It decides about what arrives from now on. Stored images are judged again in the
          background, and the actions that it calls for follow.
        </p>
        {policy !== undefined && !isSame && (
          <p>The document has another name: the policy {policy.name} stays in force as it is.</p>
        )}
      </ConfirmButton>
      <Modal opened={apply.error !== null} onClose={apply.reset} title="The policy was not applied">
        <ProblemNotice error={apply.error} />
      </Modal>
    </>
  );
}

/** Asks before a changed document is left. */
function LeaveGuard({ isChanged }: { readonly isChanged: boolean }): ReactNode {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => isChanged && current.pathname !== next.pathname,
    enableBeforeUnload: isChanged,
    withResolver: true,
  });
  return (
    <Modal opened={status === 'blocked'} onClose={() => reset?.()} title="Discard your changes?">
      <div className="stack">
        <p>The document was changed and not applied.</p>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => reset?.()} data-autofocus>
            Back
          </Button>
          <Button color="red.8" autoContrast={false} onClick={() => proceed?.()}>
            Discard changes
          </Button>
        </Group>
      </div>
    </Modal>
  );
}
