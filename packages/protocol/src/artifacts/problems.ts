/** Problems of artifacts. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const artifactProblems = {
  incomplete_upload: {
    status: 400,
    title: 'The upload ended early',
    hint: 'Nothing was kept. Send the file again.',
  },
  checksum_mismatch: {
    status: 400,
    title: 'The content does not have the expected digest',
    hint: 'Nothing was kept. The file changed on its way, or the digest is of another file.',
  },
  payload_too_large: {
    status: 413,
    title: 'Too large',
    hint: 'Nothing was kept. The detail names the cap; the engine manifest can raise it.',
  },
  upload_timeout: {
    status: 408,
    title: 'The upload stalled',
    hint: 'Nothing was kept. Send the file again over a steadier connection.',
  },
  blob_damaged: {
    status: 500,
    title: 'Stored content is damaged',
    hint: 'Restore it from a backup, or submit the file again.',
  },
  not_an_archive: {
    status: 422,
    title: 'The file is not a supported archive',
    hint: 'Show or download the file itself; the detail names the supported formats.',
  },
  archive_unreadable: {
    status: 422,
    title: 'The archive or the member cannot be read',
    hint: 'Download the archive and open it with its own program, in an isolated place.',
  },
  storage_full: {
    status: 507,
    title: 'The disk is full',
    hint: 'Free room in the data directory, or shorten the retention.',
  },
} as const satisfies Record<string, ProblemKind>;
