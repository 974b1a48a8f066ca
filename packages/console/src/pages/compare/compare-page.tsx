import { Button, Switch } from '@mantine/core';
import { operations } from '@lazaret/protocol';
import { IconArrowsDiff, IconSwitchHorizontal } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { QueryView } from '../../components/query-view.tsx';
import type { CompareSearch } from './compare-search.ts';
import { Difference } from './difference.tsx';
import { ImagePicker } from './image-picker.tsx';

/** Compares two images. */
export function ComparePage(): ReactNode {
  const search = useSearch({ from: '/shell/images/compare' });
  const { before, after, files, project } = search;
  const navigate = useNavigate();
  const change = (part: { [K in keyof CompareSearch]?: string | undefined }): void => {
    const remaining = Object.entries({ ...search, ...part }).filter(([, value]) => value);
    void navigate({ to: '/images/compare', search: Object.fromEntries(remaining), replace: true });
  };
  const canCompare = before !== undefined && after !== undefined;
  const query = useOperation(
    operations.images.compare,
    {
      params: { digest: before ?? '', other: after ?? '' },
      query: {
        ...(project === undefined ? {} : { project }),
        ...(files === undefined ? {} : { files: true }),
      },
    },
    { enabled: canCompare, keepPrevious: true },
  );
  return (
    <>
      <PageHeader title="Compare images">
        Differences in findings, packages and configuration
        {files === undefined ? '' : ', and files'}.
      </PageHeader>
      <div className="stack">
        <div className="compare-form">
          <ImagePicker
            label="Before"
            project={project}
            value={before}
            onChange={(digest) => change({ before: digest })}
          />
          <Button
            variant="default"
            aria-label="Swap the images"
            disabled={!canCompare}
            onClick={() => change({ before: after, after: before })}
          >
            <IconSwitchHorizontal size={16} aria-hidden />
          </Button>
          <ImagePicker
            label="After"
            project={project}
            value={after}
            onChange={(digest) => change({ after: digest })}
          />
        </div>
        <Switch
          label="Compare files (slower)"
          checked={files !== undefined}
          onChange={(event) => change({ files: event.currentTarget.checked ? 'yes' : undefined })}
        />
        {canCompare ? (
          <QueryView query={query} rows={8}>
            {(difference) => (
              <Difference difference={difference} before={before} after={after} project={project} />
            )}
          </QueryView>
        ) : (
          <section className="panel">
            <EmptyState icon={IconArrowsDiff} title="Choose two images">
              For example two versions of the same image.
            </EmptyState>
          </section>
        )}
      </div>
    </>
  );
}
