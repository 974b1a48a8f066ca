import { SegmentedControl } from '@mantine/core';
import type { EngineManifest } from '@lazaret/protocol';
import { type ReactNode, useState } from 'react';
import { stringify } from 'yaml';

import { CodeBlock } from '../../components/copy.tsx';
import { Panel } from '../../components/panel.tsx';
import { manifestText } from './manifest-text.ts';

/** The manifest with all defaults. */
export function ManifestPanel({ manifest }: { readonly manifest: EngineManifest }): ReactNode {
  const [form, setForm] = useState('yaml');
  const value =
    form === 'yaml' ? stringify(manifestText(manifest)) : JSON.stringify(manifest, null, 2);
  return (
    <Panel
      title="Manifest"
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Format"
          value={form}
          onChange={setForm}
          data={[
            { value: 'yaml', label: 'YAML' },
            { value: 'json', label: 'JSON' },
          ]}
        />
      }
    >
      <CodeBlock label="the manifest" value={value} isTall />
    </Panel>
  );
}
