import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';

import { isNetworkFailure } from '../failure.ts';
import { Notice, ProblemNotice } from './notice.tsx';

interface PartBoundaryProps {
  readonly children: ReactNode;
}

interface PartBoundaryState {
  readonly error?: unknown;
}

/** Shows why a part of a page cannot be shown; the rest of the page remains usable. */
export class PartBoundary extends Component<PartBoundaryProps, PartBoundaryState> {
  override state: PartBoundaryState = {};

  static getDerivedStateFromError(error: unknown): PartBoundaryState {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <div className="panel-body">
        <RenderFailure
          error={error}
          title="This part cannot be shown"
          retry={() => this.setState({ error: undefined })}
        />
      </div>
    );
  }
}

interface RenderFailureProps {
  readonly error: unknown;
  readonly title: string;
  readonly retry: () => void;
}

/** A component that failed: a fault of the console, or data of an unexpected form. */
export function RenderFailure({ error, title, retry }: RenderFailureProps): ReactNode {
  // A part of the program that could not be loaded is a failure of the network.
  if (isNetworkFailure(error)) return <ProblemNotice error={error} retry={retry} />;
  return (
    <Notice tone="failed" title={title}>
      <p>The console cannot read this data: {error instanceof Error ? error.message : 'unknown'}</p>
      <p className="dim">
        The server may run another version than this page: reload the page. The raw data may still
        be readable.
      </p>
      <Button size="xs" variant="default" mt={8} onClick={retry}>
        Retry
      </Button>
    </Notice>
  );
}
