/** Description of operations that answer the content of a file as a download or as a preview. */
export const previewDescription =
  'With `preview`, only the first 256 KiB are answered, and no download is recorded in the audit log.';
