import { Button, Modal, Select } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { asProblem, type Engine, escapeInvisible, operations } from '@lazaret/protocol';
import { IconDownload, IconEye, IconSend } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { client } from '../../client.ts';
import { notifyFailure, useAction, useOperation } from '../../data.ts';
import { ProblemNotice } from '../../components/notice.tsx';
import { useAllowed, useIdentity } from '../../session.ts';
import { FilePreview, type FilePreviewProps } from './file-preview.tsx';

interface FileActionsProps extends FilePreviewProps {
  /** What it is called where it is acted on. */
  readonly name?: string | undefined;
  /** Whether the preview is offered; a page may show it anyway. */
  readonly withPreview?: boolean;
}

/** Preview, download and submission of a file, for who may read its content. */
export function FileActions(props: FileActionsProps): ReactNode {
  const { withPreview, name, ...file } = props;
  const mayRead = useAllowed('files.read');
  const maySubmit = useAllowed('jobs.submit');
  const [previewing, preview] = useDisclosure(false);
  const [submitting, submission] = useDisclosure(false);
  if (!mayRead) return null;
  return (
    <div className="row tight file-actions">
      {withPreview === true && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconEye size={14} />}
          onClick={preview.open}
        >
          Preview
        </Button>
      )}
      <DownloadButton {...file} name={name} />
      {maySubmit && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconSend size={14} />}
          onClick={submission.open}
        >
          Submit to an engine
        </Button>
      )}
      <Modal
        opened={previewing}
        onClose={preview.close}
        lockScroll={false}
        size="min(1000px, 96vw)"
        title={<span className="break mono">{escapeInvisible(name ?? file.sha256)}</span>}
      >
        <FilePreview {...file} />
      </Modal>
      <Modal
        opened={submitting}
        onClose={submission.close}
        lockScroll={false}
        title="Submit to an engine"
        size="lg"
      >
        <SubmitForm {...file} name={name} onClose={submission.close} />
      </Modal>
    </div>
  );
}

const zipPassword = 'infected';

/** A preview from here has no content, and is not one in the audit log. */
const behindTheEnd = Number.MAX_SAFE_INTEGER;

/** Asks first whether the source can give the file, so that a failure is an answer, not a file. */
function DownloadButton({ sha256, image, project, name }: FileActionsProps): ReactNode {
  const [isBusy, setBusy] = useState(false);
  const from = {
    ...(image === undefined ? {} : { image }),
    ...(project === undefined ? {} : { project }),
  };
  const start = async (): Promise<void> => {
    setBusy(true);
    try {
      const call = { params: { sha256 }, query: { ...from, ...memberName(name) } };
      await client.call(operations.files.preview, {
        params: { sha256 },
        query: { ...from, length: 1, offset: behindTheEnd },
      });
      window.location.assign(client.url(operations.files.download, call));
      notifications.show({
        title: 'Encrypted ZIP archive',
        message: `The password is: ${zipPassword}`,
        color: 'sea',
        autoClose: 12_000,
      });
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconDownload size={14} />}
      loading={isBusy}
      title={`An encrypted ZIP archive; the password is ${zipPassword}`}
      onClick={() => void start()}
    >
      Download (ZIP)
    </Button>
  );
}

/** A name that the operation takes: others are replaced by the server's own. */
function memberName(name: string | undefined): { name?: string } {
  const last = name?.split('/').at(-1) ?? '';
  const isUsable = last !== '' && last !== '.' && last !== '..' && last.length <= 200;
  return isUsable && !last.includes('\0') ? { name: last } : {};
}

interface SubmitFormProps extends FileActionsProps {
  readonly onClose: () => void;
}

function SubmitForm({ sha256, image, project, name, onClose }: SubmitFormProps): ReactNode {
  const navigate = useNavigate();
  const { projects } = useIdentity();
  const [engine, setEngine] = useState<string>();
  const engines = useOperation(operations.engines.list, { query: { limit: 200 } });
  const submit = useAction(operations.files.submit, {
    quiet: true,
    refreshes: [operations.jobs.list, operations.files.show],
    onDone: ({ id }) => {
      onClose();
      void navigate({ to: '/jobs/$id', params: { id } });
    },
  });
  const target = project ?? (projects.includes('default') ? undefined : projects[0]);
  const isParameterFault = asProblem(submit.error)?.code === 'invalid_parameters';
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (engine === undefined) return;
        const body = {
          engine,
          ...memberName(name),
          ...(image === undefined ? {} : { image }),
          ...(target === undefined ? {} : { project: target }),
        };
        submit.mutate({ params: { sha256 }, body });
      }}
    >
      <p className="dim">
        The file becomes an artifact of the project, with the image, layer and path that it was
        taken from, and a job of the engine.
      </p>
      {submit.error !== null && <ProblemNotice error={submit.error} />}
      {isParameterFault && (
        <p>This engine needs parameters: submit the downloaded file on the page Submit.</p>
      )}
      <Select
        label="Engine"
        placeholder="Choose an engine"
        searchable
        data={engineChoices(engines.data?.items ?? [])}
        value={engine ?? null}
        nothingFoundMessage="No engine of this name is enabled"
        comboboxProps={{ withinPortal: false }}
        onChange={(next) => setEngine(next ?? undefined)}
      />
      <div className="submit-bar">
        <Button
          type="submit"
          leftSection={<IconSend size={16} />}
          disabled={engine === undefined}
          loading={submit.isPending}
        >
          Submit
        </Button>
      </div>
    </form>
  );
}

function engineChoices(engines: readonly Engine[]): { value: string; label: string }[] {
  return engines
    .filter(({ enabled }) => enabled)
    .map(({ name }) => ({ value: name, label: escapeInvisible(name) }));
}
