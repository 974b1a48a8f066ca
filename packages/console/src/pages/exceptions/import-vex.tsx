import { Button, FileInput, Group, TextInput } from '@mantine/core';
import { formatSize, limits, operations, plural } from '@lazaret/protocol';
import { type FormEvent, type ReactNode, useState } from 'react';

import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { TruncatedList } from '../../components/truncated-list.tsx';
import { useAction } from '../../data.ts';
import { fieldMessage } from '../../failure.ts';
import {
  AcceptanceFields,
  acceptanceNames,
  requestOf,
  useAcceptance,
} from './acceptance-fields.tsx';

const { exceptions, policies } = operations;
const marked = ['name', ...acceptanceNames];

interface ImportVexProps {
  readonly project: string | undefined;
  readonly onClose: () => void;
}

/** Reads a VEX document as exceptions. */
export function ImportVex({ project, onClose }: ImportVexProps): ReactNode {
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState('');
  const [acceptance, setAcceptance] = useAcceptance(project);
  const read = useAction(exceptions.importVex, {
    quiet: true,
    refreshes: [exceptions.list, policies.rejudgeStatus],
  });
  const { error, data } = read;
  if (data !== undefined) return <Imported result={data} onClose={onClose} />;
  const isTooLarge = file !== null && file.size > limits.vexDocumentBytes;
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (file === null) return;
    const body = await file.text();
    const query = { name: name.trim() || nameOf(file), ...requestOf(acceptance) };
    read.mutate({ query, body });
  };
  return (
    <form className="stack" onSubmit={(event) => void send(event)}>
      {error !== null && <ProblemNotice error={error} marked={marked} />}
      <FileInput
        label="Document"
        description="OpenVEX or CSAF VEX, in JSON"
        placeholder="Choose a file"
        accept=".json,application/json"
        required
        clearable
        value={file}
        error={isTooLarge && `The file is larger than ${formatSize(limits.vexDocumentBytes)}`}
        onChange={setFile}
      />
      <TextInput
        label="Name"
        description="Importing a document of the same name again replaces its exceptions"
        placeholder={file === null ? '' : nameOf(file)}
        spellCheck={false}
        value={name}
        error={fieldMessage(error, 'name')}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <AcceptanceFields
        value={acceptance}
        error={error}
        ownerHelp="Who accepts the document"
        expiresLabel="Review until"
        onChange={setAcceptance}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button
          type="submit"
          loading={read.isPending}
          disabled={file === null || isTooLarge || acceptance.expires === ''}
        >
          Import
        </Button>
      </Group>
    </form>
  );
}

interface ImportedProps {
  readonly result: { added: number; replaced: number; name: string; notes: string[] };
  readonly onClose: () => void;
}

function Imported({ result, onClose }: ImportedProps): ReactNode {
  const { added, replaced, name, notes } = result;
  const title = `${plural(added, 'exception')} added from ${name}`;
  return (
    <div className="stack">
      <Notice tone={added > 0 ? 'succeeded' : 'warning'} title={title}>
        {replaced > 0 && <p>{plural(replaced, 'exception')} of the earlier import replaced</p>}
      </Notice>
      {notes.length > 0 && (
        <div className="small">
          <strong>Statements that do not become exceptions</strong>
          <TruncatedList items={notes} step={20}>
            {(shown) => (
              <ul>
                {shown.map((note, index) => (
                  <li key={index} className="break">
                    <PlainText>{note}</PlainText>
                  </li>
                ))}
              </ul>
            )}
          </TruncatedList>
        </div>
      )}
      <Button onClick={onClose}>Done</Button>
    </div>
  );
}

/** A name that the API accepts, from the name of the file. */
function nameOf({ name }: File): string {
  return name
    .replace(/\.json$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
}
