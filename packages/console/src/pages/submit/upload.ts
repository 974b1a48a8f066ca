/** Uploads one file with progress, which `fetch` does not report. */
import {
  type Artifact,
  operations,
  Problem,
  type ProblemDocument,
  problems,
} from '@lazaret/protocol';

import { client, csrfHeaders } from '../../client.ts';

export interface UploadRequest {
  readonly file: File;
  readonly project: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (loadedBytes: number) => void;
}

export function uploadFile({ project, ...upload }: UploadRequest): Promise<Artifact> {
  const query = { name: upload.file.name, ...(project === undefined ? {} : { project }) };
  return uploadTo<Artifact>(client.url(operations.artifacts.upload, { query }), upload);
}

/** Uploads a file to the URL of an operation with a binary body. */
export function uploadTo<T>(
  url: string,
  { file, signal, onProgress }: Omit<UploadRequest, 'project'>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', url);
    request.setRequestHeader('content-type', 'application/octet-stream');
    for (const [name, value] of Object.entries(csrfHeaders())) {
      request.setRequestHeader(name, value);
    }
    request.upload.addEventListener('progress', (event) => onProgress(event.loaded));
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) {
        resolve(JSON.parse(request.responseText) as T);
      } else {
        reject(readProblem(request));
      }
    });
    request.addEventListener('error', () => reject(new TypeError('connection closed')));
    request.addEventListener('abort', () => reject(new DOMException('cancelled', 'AbortError')));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    if (signal.aborted) request.abort();
    else request.send(file);
  });
}

function readProblem({ responseText, status }: XMLHttpRequest): Problem {
  try {
    const document = JSON.parse(responseText) as Partial<ProblemDocument>;
    if (document.code !== undefined && Object.hasOwn(problems, document.code)) {
      const fields = document.fields === undefined ? {} : { fields: document.fields };
      return new Problem(document.code, document.detail ?? '', fields);
    }
  } catch {
    // Not a Lazaret response, for example the error page of a proxy.
  }
  return new Problem('unavailable', `unexpected response from the server (HTTP ${status})`);
}
