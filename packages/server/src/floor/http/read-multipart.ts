/**
 * The one file part of a multipart body. Its stream ends only when the whole body was read and
 * found well-formed: a second file or a missing last boundary fails the upload. Everything
 * except the file (preamble, fields, epilogue) is bounded.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Transform, type Readable } from 'node:stream';

import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { limits, Problem } from '@lazaret/protocol';

import { httpLimits } from './limits.ts';
import type { Upload } from './route.ts';

/** Resolves when the file part begins; its stream fails with a problem when the body does. */
export function readMultipart(
  headers: IncomingHttpHeaders,
  body: Readable,
  { ignoreFields }: { readonly ignoreFields: boolean },
): Promise<Upload> {
  return new Promise<Upload>((resolve, reject) => {
    const parser = openParser(headers);
    const whole = Promise.withResolvers<void>();
    whole.promise.catch(() => undefined);
    let file: Transform | undefined;
    let besidesBytes = 0;
    const fail = (error: unknown): void => {
      const problem = error instanceof Problem ? error : malformed((error as Error).message);
      body.unpipe(parser);
      whole.reject(problem);
      reject(problem);
      file?.destroy(problem);
      body.destroy();
    };
    body.on('data', (chunk: Buffer) => {
      besidesBytes += chunk.length;
      if (besidesBytes > httpLimits.multipartBesidesBytes) {
        fail(
          malformed(`expected at most ${httpLimits.multipartBesidesBytes} bytes besides the file`),
        );
      }
    });
    parser.on('file', (_field: string, part: BusboyFileStream, name: string | undefined) => {
      part.on('error', fail);
      if (file !== undefined) {
        part.resume();
        fail(malformed('expected one file part, received several'));
        return;
      }
      file = holdBack(whole.promise, (bytes) => (besidesBytes -= bytes));
      resolve({ name: name ?? '', stream: part.pipe(file), declaredBytes: undefined });
    });
    parser.on('field', (name: string) => {
      if (!ignoreFields) fail(unexpectedField(name));
    });
    parser.on('error', fail);
    parser.on('finish', () => {
      if (file === undefined) fail(malformed('expected a file part, received none'));
      else whole.resolve();
    });
    body.on('error', fail);
    body.pipe(parser);
  });
}

/** Forwards bytes, but the end only when `whole` resolves. */
function holdBack(whole: Promise<void>, onBytes: (bytes: number) => void): Transform {
  const file = new Transform({
    highWaterMark: 256 * 1024,
    transform: (chunk: Buffer, _encoding, done) => {
      onBytes(chunk.length);
      done(null, chunk);
    },
    flush: (done) => void whole.then(() => done(), done),
  });
  // A failure may occur after the reader has stopped; then nothing handles it.
  return file.on('error', () => undefined);
}

/** A field would be ignored: options of an upload are query parameters. */
function unexpectedField(name: string): Problem {
  const message = 'unknown form field; expected one file part (options are query parameters)';
  const path = `form.${name.slice(0, limits.nameChars)}`;
  return new Problem('invalid_request', `${path}: ${message}`, { fields: [{ path, message }] });
}

function openParser(headers: IncomingHttpHeaders): BusboyInstance {
  try {
    return new Busboy({
      headers: headers as { 'content-type': string },
      limits: {
        fields: httpLimits.multipartFields,
        files: 2,
        fieldSize: limits.nameChars * 4,
        headerPairs: httpLimits.multipartFields,
      },
      highWaterMark: 256 * 1024,
    });
  } catch (error) {
    throw malformed((error as Error).message);
  }
}

function malformed(detail: string): Problem {
  return new Problem('malformed_body', `the multipart body could not be read: ${detail}`);
}
