/** A job as in the API, for tests of its display. */
import { jobDetail, type JobDetail } from '@lazaret/protocol';

const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** A succeeded job with one attempt; changes of a test are validated by the schema of the API. */
export function sampleJob(changes: Partial<JobDetail> = {}): JobDetail {
  return jobDetail.parse({
    id: '0123456789abcdef',
    project: 'default',
    engine: 'strings',
    engineRevision: 1,
    state: 'succeeded',
    waitReason: null,
    outcome: { code: 'succeeded', detail: '' },
    inputs: [{ name: 'sample.bin', sha256: empty, sizeBytes: 0 }],
    tags: [],
    priority: 0,
    submittedBy: 'alice',
    attempts: 1,
    node: 'local',
    rerunOf: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: '2026-01-01T00:00:01.000Z',
    finishedAt: '2026-01-01T00:00:04.200Z',
    parameters: {},
    timeLimitMs: 60_000,
    queueTimeLimitMs: 3_600_000,
    artifacts: [],
    attemptList: [
      {
        id: 'aaaaaaaaaaaaaaaa',
        number: 1,
        state: 'succeeded',
        node: 'local',
        imageDigest: `sha256:${empty}`,
        engineRevision: 1,
        outcome: { code: 'succeeded', detail: '' },
        observations: [],
        telemetry: {
          waitMs: 12,
          pullMs: null,
          createMs: 40,
          inputMs: 8,
          startMs: 120,
          runMs: 3_000,
          collectMs: 30,
          removeMs: 20,
          peakMemoryBytes: 10_485_760,
          cpuSeconds: 0.5,
          exitCode: 0,
          outOfMemory: false,
        },
        containment: null,
        logBytes: 2_048,
        logTruncated: false,
        placedAt: '2026-01-01T00:00:00.500Z',
        startedAt: '2026-01-01T00:00:01.000Z',
        finishedAt: '2026-01-01T00:00:04.200Z',
      },
    ],
    history: [
      {
        at: '2026-01-01T00:00:00.000Z',
        state: 'queued',
        attempt: null,
        cause: 'alice',
        detail: 'submitted',
      },
    ],
    ...changes,
  });
}
