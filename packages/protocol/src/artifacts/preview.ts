/** Description of operations that return the content of a file as a download or a preview. */
export const previewDescription =
  'With `preview`, at most the first 32 MiB are answered, and the audit log records ' +
  '`artifact.previewed` with the bytes that were sent instead of `artifact.downloaded`.';
