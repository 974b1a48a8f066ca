import { Button } from '@mantine/core';
import { operations } from '@lazaret/protocol';
import { IconShieldCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { client } from '../../client.ts';
import { Copyable } from '../../parts/copy.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';

/** Recomputes the chain of hashes on demand and says what came out. */
export function VerifyPanel(): ReactNode {
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['audit.verify'],
    queryFn: ({ signal }) => client.call(operations.events.auditVerify, {}, { signal }),
    enabled: false,
    gcTime: 0,
  });
  return (
    <div className="stack tight">
      <div>
        <Button
          variant="default"
          leftSection={<IconShieldCheck size={16} />}
          loading={isFetching}
          onClick={() => void refetch()}
        >
          Verify the log
        </Button>
      </div>
      {error !== null && <ProblemNotice error={error} />}
      {data !== undefined && (
        <Notice
          tone={data.intact ? 'succeeded' : 'failed'}
          title={
            data.intact
              ? `Intact: ${data.entries.toLocaleString('en')} entries`
              : `Broken at entry ${data.brokenAt ?? '?'}`
          }
        >
          <p>{data.detail}</p>
          <p className="small">
            <span className="dim">Head, to keep elsewhere: </span>
            <Copyable value={data.head} label="the head of the log" chars={24} />
          </p>
        </Notice>
      )}
    </div>
  );
}
