/**
 * Files to be submitted as jobs: each is uploaded, then submitted, a few at a time. A cancelled
 * or failed file does not affect the others.
 */
import type { Artifact, JobDetail } from '@lazaret/protocol';
import { useCallback, useRef, useState } from 'react';

import { uploadFile } from './upload.ts';

export type UploadPhase = 'ready' | 'uploading' | 'submitting' | 'done' | 'failed' | 'cancelled';

export interface UploadItem {
  readonly key: number;
  readonly file: File;
  readonly phase: UploadPhase;
  readonly loadedBytes: number;
  readonly jobId?: string;
  readonly error?: unknown;
}

export interface StoredInput {
  readonly sha256: string;
  readonly name: string;
}

export interface SubmissionPlan {
  readonly project: string | undefined;
  /** One job for all files instead of one job per file. */
  readonly together: boolean;
  readonly submit: (inputs: StoredInput[], key: string) => Promise<JobDetail>;
}

const parallelUploads = 2;

export interface Submission {
  readonly items: readonly UploadItem[];
  readonly isBusy: boolean;
  readonly add: (files: readonly File[]) => void;
  readonly remove: (key: number) => void;
  /** Uploads and submits all files that are ready or failed; returns the job IDs. */
  readonly start: (plan: SubmissionPlan) => Promise<string[]>;
}

export function useSubmission(): Submission {
  const [items, setItems] = useState<readonly UploadItem[]>([]);
  const [isBusy, setBusy] = useState(false);
  const aborts = useRef(new Map<number, AbortController>());
  const nextKey = useRef(1);

  const change = useCallback((key: number, part: Partial<UploadItem>) => {
    setItems((all) => all.map((item) => (item.key === key ? { ...item, ...part } : item)));
  }, []);
  const add = useCallback((files: readonly File[]) => {
    const fresh = files.map((file): UploadItem => {
      const key = nextKey.current;
      nextKey.current += 1;
      return { key, file, phase: 'ready', loadedBytes: 0 };
    });
    setItems((all) => [...all, ...fresh]);
  }, []);
  const remove = useCallback((key: number) => {
    const abort = aborts.current.get(key);
    if (abort !== undefined) abort.abort();
    else setItems((all) => all.filter((item) => item.key !== key));
  }, []);

  const upload = async (item: UploadItem, plan: SubmissionPlan): Promise<Artifact | undefined> => {
    const abort = new AbortController();
    aborts.current.set(item.key, abort);
    change(item.key, { phase: 'uploading', loadedBytes: 0, error: undefined });
    try {
      return await uploadFile({
        file: item.file,
        project: plan.project,
        signal: abort.signal,
        onProgress: (loadedBytes) => change(item.key, { loadedBytes }),
      });
    } catch (error) {
      change(item.key, abort.signal.aborted ? { phase: 'cancelled' } : { phase: 'failed', error });
      return undefined;
    } finally {
      aborts.current.delete(item.key);
    }
  };

  const submit = async (
    group: readonly { item: UploadItem; artifact: Artifact }[],
    plan: SubmissionPlan,
  ): Promise<string[]> => {
    for (const { item } of group) change(item.key, { phase: 'submitting' });
    try {
      const inputs = group.map(({ item, artifact }) => ({
        sha256: artifact.sha256,
        name: item.file.name,
      }));
      const job = await plan.submit(inputs, randomKey());
      for (const { item } of group) change(item.key, { phase: 'done', jobId: job.id });
      return [job.id];
    } catch (error) {
      for (const { item } of group) change(item.key, { phase: 'failed', error });
      return [];
    }
  };

  const start = async (plan: SubmissionPlan): Promise<string[]> => {
    const todo = items.filter((item) => ['ready', 'failed', 'cancelled'].includes(item.phase));
    const stored: { item: UploadItem; artifact: Artifact }[] = [];
    const made: string[] = [];
    setBusy(true);
    try {
      await inParallel(todo, async (item) => {
        const artifact = await upload(item, plan);
        if (artifact === undefined) return;
        if (plan.together) stored.push({ item, artifact });
        else made.push(...(await submit([{ item, artifact }], plan)));
      });
      if (plan.together && stored.length === todo.length)
        made.push(...(await submit(stored, plan)));
    } finally {
      setBusy(false);
    }
    return made;
  };
  return { items, isBusy, add, remove, start };
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const workers = Array.from({ length: parallelUploads }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  });
  await Promise.all(workers);
}

/** Idempotency key: a repeated submission returns the first job. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
