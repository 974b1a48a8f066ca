import { SegmentedControl } from '@mantine/core';
import type { EngineManifest } from '@lazaret/protocol';
import { type ReactNode, useState } from 'react';
import { stringify } from 'yaml';

import { CodeBlock } from '../../parts/copy.tsx';
import { Panel } from '../../parts/panel.tsx';
import { manifestText } from './manifest-text.ts';

/** The manifest with every default filled in. */
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
          aria-label="Form"
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
