import { type ImageDetail } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { CutList } from '../../parts/cut-list.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { counted, modeWords } from '../../text/image-words.ts';
import { FileLink, LayerMark } from './placed.tsx';

type User = ImageDetail['users'][number];
type Password = ImageDetail['passwords'][number];
type Group = ImageDetail['groups'][number];
type Special = ImageDetail['special'][number];

const passwordWords: Readonly<Record<User['password'], string>> = {
  elsewhere: 'in the shadow file',
  empty: 'empty: lets in without one',
  locked: 'locked',
  set: 'set',
};

const userColumns: readonly Column<User>[] = [
  {
    label: 'User',
    cell: ({ name, uid }) => (
      <span className="row tight">
        <strong className="break">
          <PlainText>{name}</PlainText>
        </strong>
        {uid === 0 && name !== 'root' && <span className="hidden-mark">uid 0</span>}
      </span>
    ),
  },
  {
    label: 'uid:gid',
    cell: ({ uid, gid }) => (
      <span className="mono small">
        {uid}:{gid}
      </span>
    ),
  },
  { label: 'Home', cell: ({ home }) => <Mono text={home} /> },
  { label: 'Shell', cell: ({ shell }) => <Mono text={shell} /> },
  {
    label: 'Password',
    cell: ({ password }) => (
      <span className={password === 'empty' ? 'ill' : ''}>{passwordWords[password]}</span>
    ),
  },
  { label: 'Layer', cell: (each) => <LayerMark layer={each.layer} hiddenBy={each.hiddenBy} /> },
];

const shadowColumns: readonly Column<Password>[] = [
  {
    label: 'User',
    cell: ({ user }) => (
      <strong className="break">
        <PlainText>{user}</PlainText>
      </strong>
    ),
  },
  {
    label: 'Password',
    cell: ({ state, scheme }) => (
      <span className={state === 'locked' ? '' : 'ill'}>
        {state}
        {scheme !== undefined && ` (${scheme})`}
      </span>
    ),
  },
  { label: 'Said by', cell: (each) => <FileLink {...each} /> },
  { label: 'Layer', cell: (each) => <LayerMark layer={each.layer} hiddenBy={each.hiddenBy} /> },
];

const groupColumns: readonly Column<Group>[] = [
  {
    label: 'Group',
    cell: ({ name }) => (
      <strong className="break">
        <PlainText>{name}</PlainText>
      </strong>
    ),
  },
  { label: 'gid', cell: ({ gid }) => <span className="mono small">{gid}</span> },
  {
    label: 'Members',
    cell: ({ members }) => (members.length === 0 ? null : <Mono text={members.join(', ')} />),
  },
  { label: 'Layer', cell: (each) => <LayerMark layer={each.layer} hiddenBy={each.hiddenBy} /> },
];

const specialColumns: readonly Column<Special>[] = [
  { label: 'File', cell: (each) => <FileLink {...each} /> },
  {
    label: 'Because',
    cell: ({ because }) => (
      <span className="row tight">
        {because.map((reason) => (
          <span key={reason} className="tag">
            {reason}
          </span>
        ))}
      </span>
    ),
  },
  { label: 'Mode', cell: ({ mode }) => <span className="mono small">{modeWords(mode)}</span> },
  {
    label: 'Owner',
    cell: ({ uid, gid }) => (
      <span className="mono small">
        {uid}:{gid}
      </span>
    ),
  },
  { label: 'Layer', cell: (each) => <LayerMark layer={each.layer} hiddenBy={each.hiddenBy} /> },
];

/** Who may log in, and files that deserve a look for what they are. */
export function AccountsPanel({ image }: { readonly image: ImageDetail }): ReactNode {
  const { users, passwords, groups, special, unowned } = image;
  return (
    <div className="sections">
      <Section title="Special files" rows={special} columns={specialColumns}>
        No file is setuid, setgid, world-writable, a device, or has capabilities.
      </Section>
      <Section title="Users" rows={users} columns={userColumns}>
        No file names any user.
      </Section>
      <Section title="Passwords in shadow files" rows={passwords} columns={shadowColumns}>
        No shadow file.
      </Section>
      <Section title="Groups" rows={groups} columns={groupColumns}>
        No file names any group.
      </Section>
      {unowned !== undefined && (
        <section className="section" aria-label="Files that no package owns">
          <h3>Files that no package owns</h3>
          <p className="padded dim">{counted(unowned.count, 'file')}, of those a container sees.</p>
          <CutList items={unowned.paths}>
            {(shown) => (
              <ul className="path-list">
                {shown.map((path) => (
                  <li key={path}>
                    <FileLink path={path} />
                  </li>
                ))}
              </ul>
            )}
          </CutList>
        </section>
      )}
    </div>
  );
}

interface SectionProps<T> {
  readonly title: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  /** What is said when there is nothing. */
  readonly children: string;
}

function Section<T>({ title, rows, columns, children }: SectionProps<T>): ReactNode {
  const keyed = rows.map((row, index) => ({ row, key: String(index) }));
  return (
    <section className="section" aria-label={title}>
      <h3>
        {title} {rows.length > 0 && <span className="count">{rows.length}</span>}
      </h3>
      {rows.length === 0 ? (
        <p className="padded dim">{children}</p>
      ) : (
        <CutList items={keyed}>
          {(shown) => (
            <DataTable
              label={title}
              columns={columns.map((column) => ({
                ...column,
                cell: (each: (typeof keyed)[number]) => column.cell(each.row),
              }))}
              rows={shown}
              rowKey={({ key }) => key}
            />
          )}
        </CutList>
      )}
    </section>
  );
}

function Mono({ text }: { readonly text: string }): ReactNode {
  return (
    <span className="mono small break">
      <PlainText>{text}</PlainText>
    </span>
  );
}
