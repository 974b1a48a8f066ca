import { Button } from '@mantine/core';
import { operations } from '@lazaret/protocol';
import { IconLink } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useAction } from '../../data.ts';
import { Copy } from '../../components/copy.tsx';
import { Notice } from '../../components/notice.tsx';
import { Timestamp } from '../../components/timestamp.tsx';

/** Creates a one-time link and shows it once. */
export function OneTimeLink({ name }: { readonly name: string }): ReactNode {
  const make = useAction(operations.access.userLink);
  if (make.data === undefined) {
    return (
      <Button
        leftSection={<IconLink size={16} />}
        loading={make.isPending}
        onClick={() => make.mutate({ params: { name } })}
      >
        Create link
      </Button>
    );
  }
  return (
    <div className="stack tight">
      <Notice tone="moving" title="Share this link with the user only">
        <p>
          It can be used once and expires <Timestamp at={make.data.expiresAt} />.
        </p>
      </Notice>
      <div className="secret">
        <span className="grow">{make.data.url}</span>
        <Copy value={make.data.url} label="the link" />
      </div>
    </div>
  );
}
