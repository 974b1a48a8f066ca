/** Problems of inspections. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const inspectionProblems = {
  invalid_archive: {
    status: 422,
    title: 'Not an archive of images',
    hint: 'Upload an archive of `docker save`, or a tar archive of an OCI layout, plain or compressed with gzip or zstd.',
  },
  invalid_reference: {
    status: 400,
    title: 'Image reference not allowed',
    hint: 'Give a registry image such as registry.lab/app:1.2 or app@sha256:DIGEST. The operator of the server can change the setting in the detail.',
  },
} as const satisfies Record<string, ProblemKind>;
