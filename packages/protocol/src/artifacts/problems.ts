/** Problems of artifacts. */
import type { ProblemKind } from '../core/problem-kind.ts';

export const artifactProblems = {
  incomplete_upload: {
    status: 400,
    title: 'Incomplete upload',
    hint: 'Nothing was stored. Send the file again.',
  },
  checksum_mismatch: {
    status: 400,
    title: 'Digest mismatch',
    hint: 'Nothing was stored. The file was changed in transit, or the digest is that of another file.',
  },
  payload_too_large: {
    status: 413,
    title: 'Request too large',
    hint: "Nothing was stored. The detail names the limit; for an engine's inputs its manifest sets it.",
  },
  upload_timeout: {
    status: 408,
    title: 'Upload timed out',
    hint: 'Nothing was stored. Send the file again over a more stable connection.',
  },
  blob_damaged: {
    status: 500,
    title: 'Stored content is corrupt',
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
    hint: 'Download the archive and open it with its own program, in an isolated environment.',
  },
  storage_full: {
    status: 507,
    title: 'Disk full',
    hint: 'Free disk space on the file system of the data directory.',
  },
} as const satisfies Record<string, ProblemKind>;
