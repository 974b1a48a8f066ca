import { Button } from '@mantine/core';
import { operations, plural } from '@lazaret/protocol';
import { IconShieldCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { client } from '../../client.ts';
import { Copyable } from '../../components/copy.tsx';
import { Notice, ProblemNotice } from '../../components/notice.tsx';

/** Verifies the hash chain on demand. */
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
              ? `Intact: ${plural(data.entries, 'entry', 'entries')}`
              : `Broken at entry ${data.brokenAt ?? '?'}`
          }
        >
          <p>{data.detail}</p>
          <p className="small">
            <span className="dim">Head hash (store a copy elsewhere): </span>
            <Copyable value={data.head} label="the head of the log" chars={24} />
          </p>
        </Notice>
      )}
    </div>
  );
}
