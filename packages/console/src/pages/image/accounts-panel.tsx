import { type ImageDetail, plural } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { TruncatedList } from '../../components/truncated-list.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { formatMode } from '../../text/image-labels.ts';
import { FileLink, LayerTag } from './location.tsx';

type User = ImageDetail['users'][number];
type Password = ImageDetail['passwords'][number];
type Group = ImageDetail['groups'][number];
type Special = ImageDetail['special'][number];

const passwordLabels: Readonly<Record<User['password'], string>> = {
  elsewhere: 'in the shadow file',
  empty: 'empty (login without a password)',
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
        {uid === 0 && name !== 'root' && <span className="hidden-tag">uid 0</span>}
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
      <span className={password === 'empty' ? 'ill' : ''}>{passwordLabels[password]}</span>
    ),
  },
  { label: 'Layer', cell: (each) => <LayerTag layer={each.layer} hiddenBy={each.hiddenBy} /> },
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
  { label: 'File', cell: (each) => <FileLink {...each} /> },
  { label: 'Layer', cell: (each) => <LayerTag layer={each.layer} hiddenBy={each.hiddenBy} /> },
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
  { label: 'Layer', cell: (each) => <LayerTag layer={each.layer} hiddenBy={each.hiddenBy} /> },
];

const specialColumns: readonly Column<Special>[] = [
  { label: 'File', cell: (each) => <FileLink {...each} /> },
  {
    label: 'Reason',
    cell: ({ reasons }) => (
      <span className="row tight">
        {reasons.map((reason) => (
          <span key={reason} className="tag">
            {reason}
          </span>
        ))}
      </span>
    ),
  },
  { label: 'Mode', cell: ({ mode }) => <span className="mono small">{formatMode(mode)}</span> },
  {
    label: 'Owner',
    cell: ({ uid, gid }) => (
      <span className="mono small">
        {uid}:{gid}
      </span>
    ),
  },
  { label: 'Layer', cell: (each) => <LayerTag layer={each.layer} hiddenBy={each.hiddenBy} /> },
];

/** User accounts, and files with special permissions or types. */
export function AccountsPanel({ image }: { readonly image: ImageDetail }): ReactNode {
  const { users, passwords, groups, special, unowned } = image;
  return (
    <div className="sections">
      <Section title="Special files" rows={special} columns={specialColumns}>
        No setuid, setgid or world-writable files, no devices, no file capabilities.
      </Section>
      <Section title="Users" rows={users} columns={userColumns}>
        No users found.
      </Section>
      <Section title="Passwords in shadow files" rows={passwords} columns={shadowColumns}>
        No shadow file found.
      </Section>
      <Section title="Groups" rows={groups} columns={groupColumns}>
        No groups found.
      </Section>
      {unowned !== undefined && (
        <section className="section" aria-label="Files not owned by a package">
          <h3>Files not owned by a package</h3>
          <p className="padded dim">{plural(unowned.count, 'file')} in the merged file system.</p>
          <TruncatedList items={unowned.paths}>
            {(shown) => (
              <ul className="path-list">
                {shown.map((path) => (
                  <li key={path}>
                    <FileLink path={path} />
                  </li>
                ))}
              </ul>
            )}
          </TruncatedList>
        </section>
      )}
    </div>
  );
}

interface SectionProps<T> {
  readonly title: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  /** Text for an empty section. */
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
        <TruncatedList items={keyed}>
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
        </TruncatedList>
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
