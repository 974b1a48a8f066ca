/**
 * Files to be submitted as jobs: each is uploaded once, then submitted to every chosen engine, a
 * few files at a time. A file or an engine that fails does not affect the others; a retry submits
 * only what failed.
 */
import type { Artifact, JobDetail } from '@lazaret/protocol';
import { useCallback, useRef, useState } from 'react';

import type { EngineResult } from './engine-results.tsx';
import { uploadFile } from './upload.ts';

export type UploadPhase = 'ready' | 'uploading' | 'submitting' | 'done' | 'failed' | 'cancelled';

export interface UploadItem {
  readonly key: number;
  readonly file: File;
  readonly phase: UploadPhase;
  readonly loadedBytes: number;
  /** Of the upload itself. */
  readonly error?: unknown;
  /** The result for the file, by engine. */
  readonly results: readonly EngineResult[];
}

export interface StoredInput {
  readonly sha256: string;
  readonly name: string;
}

export interface EnginePlan {
  readonly engine: string;
  /** One job for all files instead of one job per file. */
  readonly together: boolean;
  readonly submit: (inputs: StoredInput[], key: string) => Promise<JobDetail>;
}

export interface SubmissionPlan {
  readonly project: string | undefined;
  readonly engines: readonly EnginePlan[];
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
      return { key, file, phase: 'ready', loadedBytes: 0, results: [] };
    });
    setItems((all) => [...all, ...fresh]);
  }, []);
  const remove = useCallback((key: number) => {
    const abort = aborts.current.get(key);
    if (abort !== undefined) abort.abort();
    else setItems((all) => all.filter((item) => item.key !== key));
  }, []);

  const upload = async (
    item: UploadItem,
    project: string | undefined,
  ): Promise<Artifact | undefined> => {
    const abort = new AbortController();
    aborts.current.set(item.key, abort);
    change(item.key, { phase: 'uploading', loadedBytes: 0, error: undefined });
    try {
      return await uploadFile({
        file: item.file,
        project,
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

  const submit = async (group: readonly Stored[], plan: EnginePlan): Promise<string[]> => {
    const inputs = group.map(({ item, artifact }) => ({
      sha256: artifact.sha256,
      name: item.file.name,
    }));
    const record = (result: EngineResult): void => {
      for (const { item } of group) {
        setItems((all) => all.map((one) => (one.key === item.key ? withResult(one, result) : one)));
      }
    };
    try {
      const job = await plan.submit(inputs, randomKey());
      record({ engine: plan.engine, jobId: job.id });
      return [job.id];
    } catch (error) {
      record({ engine: plan.engine, error });
      return [];
    }
  };

  const start = async ({ project, engines }: SubmissionPlan): Promise<string[]> => {
    const todo = items.filter((item) => isUnfinished(item, engines));
    const stored: Stored[] = [];
    const made: string[] = [];
    setBusy(true);
    try {
      await inParallel(todo, async (item) => {
        const artifact = await upload(item, project);
        if (artifact === undefined) return;
        stored.push({ item, artifact });
        change(item.key, { phase: 'submitting' });
        for (const plan of engines) {
          if (plan.together || isDone(item, plan.engine)) continue;
          made.push(...(await submit([{ item, artifact }], plan)));
        }
      });
      for (const plan of engines.filter(({ together }) => together)) {
        // One job with all files: none of them may be missing.
        if (stored.length === todo.length) made.push(...(await submit(stored, plan)));
      }
    } finally {
      setItems((all) => all.map((item) => finished(item, engines)));
      setBusy(false);
    }
    return made;
  };
  return { items, isBusy, add, remove, start };
}

interface Stored {
  readonly item: UploadItem;
  readonly artifact: Artifact;
}

function withResult(item: UploadItem, result: EngineResult): UploadItem {
  const others = item.results.filter(({ engine }) => engine !== result.engine);
  return { ...item, results: [...others, result] };
}

function isDone(item: UploadItem, engine: string): boolean {
  return item.results.some((one) => one.engine === engine && one.jobId !== undefined);
}

/** Whether the file still has to be submitted to one of the engines. */
export function isUnfinished(
  item: UploadItem,
  engines: readonly Pick<EnginePlan, 'engine'>[],
): boolean {
  return engines.some(({ engine }) => !isDone(item, engine));
}

/** A file is done when every engine accepted it; otherwise it can be submitted again. */
function finished(item: UploadItem, engines: readonly EnginePlan[]): UploadItem {
  if (item.phase !== 'submitting') return item;
  return { ...item, phase: isUnfinished(item, engines) ? 'failed' : 'done' };
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const workers = Array.from({ length: parallelUploads }, async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  });
  await Promise.all(workers);
}

/** Idempotency key: a repeated submission returns the first job. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
