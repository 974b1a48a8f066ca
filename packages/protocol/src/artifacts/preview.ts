/** Description of operations that return the content of a file as a download or a preview. */
export const previewDescription =
  'With `preview`, only the first 256 KiB are answered, and no download is recorded in the audit log.';
