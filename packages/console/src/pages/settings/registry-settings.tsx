import { operations, registrySettingPath } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { useOperation } from '../../data.ts';
import { listRegistrySettings, type RegistrySetting } from './list-registry-settings.ts';

const columns: readonly Column<RegistrySetting>[] = [
  { label: 'Setting', cell: ({ label }) => <strong>{label}</strong> },
  {
    label: 'Value',
    cell: ({ values }) =>
      values.length === 0 ? (
        <span className="dim">none</span>
      ) : (
        <div className="mono small break">
          {values.map((value) => (
            <div key={value}>
              <PlainText>{value}</PlainText>
            </div>
          ))}
        </div>
      ),
  },
  {
    label: 'Configuration',
    cell: ({ key }) => <code className="small">{registrySettingPath(key)}</code>,
  },
];

/** How registries are accessed, with the keys of the configuration. */
export function RegistrySettings(): ReactNode {
  const query = useOperation(operations.system.configuration);
  return (
    <Panel title="Registries" flush>
      <QueryView query={query} rows={4}>
        {({ options }) => {
          const section = options.find(({ key }) => key === 'inspection');
          return (
            <>
              <DataTable
                label="Registries"
                columns={columns}
                rows={listRegistrySettings(section?.value)}
                rowKey={({ key }) => key}
              />
              <p className="table-note dim small">
                Set by: {section?.source ?? 'default'}. Registry access is only changed in the
                configuration, since it decides which hosts the server contacts.
              </p>
            </>
          );
        }}
      </QueryView>
    </Panel>
  );
}
