import { Button } from '@mantine/core';
import { operations } from '@lazaret/protocol';
import { IconLink } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useAction } from '../../data.ts';
import { Copy } from '../../parts/copy.tsx';
import { Notice } from '../../parts/notice.tsx';
import { When } from '../../parts/when.tsx';

/** Makes a one-time link and shows it, once. */
export function LinkMaker({ name }: { readonly name: string }): ReactNode {
  const make = useAction(operations.access.userLink);
  if (make.data === undefined) {
    return (
      <Button
        leftSection={<IconLink size={16} />}
        loading={make.isPending}
        onClick={() => make.mutate({ params: { name } })}
      >
        Make the link
      </Button>
    );
  }
  return (
    <div className="stack tight">
      <Notice tone="moving" title="Give this to them, and to nobody else">
        <p>
          It works once, and ends <When at={make.data.expiresAt} />.
        </p>
      </Notice>
      <div className="secret">
        <span className="grow">{make.data.url}</span>
        <Copy value={make.data.url} label="the link" />
      </div>
    </div>
  );
}
