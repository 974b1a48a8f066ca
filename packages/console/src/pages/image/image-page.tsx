import { Tabs } from '@mantine/core';
import { type ImageDetail, operations } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { Panel } from '../../components/panel.tsx';
import { PartBoundary } from '../../components/part-boundary.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { AccountsPanel } from './accounts-panel.tsx';
import { ConfigurationPanel } from './configuration-panel.tsx';
import { CoveragePanel } from './coverage-panel.tsx';
import { FilesPanel } from './files-panel.tsx';
import { FindingsPanel } from './findings-panel.tsx';
import { ImageHeader } from './image-header.tsx';
import { LayersPanel } from './layers-panel.tsx';
import { PackagesPanel } from './packages-panel.tsx';
import { RawPanel } from './raw-panel.tsx';
import { imageTabs, type ImageTab } from './search.ts';
import { useImagePage } from './use-image-page.ts';

export function ImagePage(): ReactNode {
  const { digest, inProject } = useImagePage();
  const query = useOperation(operations.images.show, { params: { digest }, query: inProject });
  return (
    <QueryView query={query} rows={10}>
      {(image) => <ImageView key={image.digest} image={image} />}
    </QueryView>
  );
}

interface TabRow {
  readonly label: string;
  readonly count?: (image: ImageDetail) => number;
  readonly show: (props: { readonly image: ImageDetail }) => ReactNode;
}

const tabs: Readonly<Record<ImageTab, TabRow>> = {
  findings: {
    label: 'Findings',
    count: ({ findings }) => Object.values(findings).reduce((sum, count) => sum + count, 0),
    show: FindingsPanel,
  },
  packages: {
    label: 'Packages',
    count: ({ packages }) => packages,
    show: PackagesPanel,
  },
  files: {
    label: 'Files',
    count: ({ files }) => files,
    show: FilesPanel,
  },
  layers: {
    label: 'Layers',
    count: ({ layers }) => layers.length,
    show: LayersPanel,
  },
  accounts: {
    label: 'Users and special files',
    show: AccountsPanel,
  },
  configuration: {
    label: 'Configuration',
    show: ConfigurationPanel,
  },
  coverage: {
    label: 'Coverage',
    count: ({ coverage }) => coverage.gapCount,
    show: CoveragePanel,
  },
  raw: { label: 'Raw', show: RawPanel },
};

function ImageView({ image }: { readonly image: ImageDetail }): ReactNode {
  const { search, inProject, change } = useImagePage();
  const shown = imageTabs.find((name) => name === search.tab) ?? 'findings';
  const Content = tabs[shown].show;
  const blank = Object.fromEntries(Object.keys(search).map((key) => [key, undefined]));
  return (
    <>
      <ImageHeader image={image} />
      <Panel>
        <Tabs
          value={shown}
          keepMounted={false}
          // Filters apply to one tab only.
          onChange={(tab) => change({ ...blank, ...inProject, tab: tab ?? undefined })}
        >
          <Tabs.List className="job-tabs">
            {imageTabs.map((name) => (
              <Tabs.Tab key={name} value={name}>
                {tabs[name].label}
                <TabCount count={tabs[name].count?.(image) ?? 0} />
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {imageTabs.map((name) => (
            <Tabs.Panel key={name} value={name}>
              {name === shown && (
                <PartBoundary key={name}>
                  <Content image={image} />
                </PartBoundary>
              )}
            </Tabs.Panel>
          ))}
        </Tabs>
      </Panel>
    </>
  );
}

function TabCount({ count }: { readonly count: number }): ReactNode {
  return count === 0 ? null : <span className="count">{count.toLocaleString('en')}</span>;
}
