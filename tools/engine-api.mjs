/**
 * The few calls of the Docker Engine API that the tools make, over a unix socket and without any
 * package, because they run before the first `npm install`. The product has its own client.
 */
import { request } from 'node:http';

const API = '/v1.41'; // what Debian 12 ships; every later engine still speaks it
const ANSWER_MAX_BYTES = 16 * 1024 * 1024;
const ANSWER_TIMEOUT_MS = 30_000;
const BUILD_TIMEOUT_MS = 15 * 60_000;

/**
 * Asks the engine one thing and reads the whole answer.
 *
 * @param {string} socket path of the engine's unix socket
 * @param {{ method?: string, path: string, json?: unknown,
 *   body?: Buffer | import('node:stream').Readable, timeoutMs?: number,
 *   maxBytes?: number }} options `path` without the version, query included
 * @returns {Promise<{ status: number, body: Buffer }>}
 */
export function callEngine(socket, options) {
  const { method = 'GET', path, json, timeoutMs = ANSWER_TIMEOUT_MS } = options;
  const { maxBytes = ANSWER_MAX_BYTES } = options;
  const body = json === undefined ? options.body : Buffer.from(JSON.stringify(json));
  const headers = { host: 'engine' };
  if (body !== undefined) {
    headers['content-type'] = json === undefined ? 'application/x-tar' : 'application/json';
    if (Buffer.isBuffer(body)) headers['content-length'] = body.length;
  }
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, path: API + path, method, headers });
    const timer = setTimeout(() => {
      asked.destroy(new Error(`The engine did not answer ${method} ${path} in ${timeoutMs} ms.`));
    }, timeoutMs);
    asked.on('error', reject);
    asked.on('close', () => clearTimeout(timer));
    asked.on('response', (answer) => {
      const parts = [];
      let size = 0;
      answer.on('data', (part) => {
        size += part.length;
        if (size > maxBytes) answer.destroy(new Error(`The answer is over ${maxBytes} bytes.`));
        else parts.push(part);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts) });
      });
    });
    if (body === undefined || Buffer.isBuffer(body)) asked.end(body);
    else body.on('error', (error) => asked.destroy(error)).pipe(asked);
  });
}

/**
 * As callEngine, for an answer in JSON; any status of 400 and above is an error.
 *
 * @param {string} socket
 * @param {Parameters<typeof callEngine>[1]} options
 * @returns {Promise<any>} the parsed answer, undefined when it is empty
 */
export async function askEngine(socket, options) {
  const { status, body } = await callEngine(socket, options);
  const text = body.toString('utf8');
  if (status >= 400) {
    throw new Error(`${options.method ?? 'GET'} ${options.path}: ${status} ${text.trim()}`);
  }
  return text.trim() === '' ? undefined : JSON.parse(text);
}

/**
 * Whether an engine answers on this socket.
 *
 * @param {string} socket
 * @returns {Promise<{ ok: true } | { ok: false, code: string }>} `code` is the system's error
 *   code (ENOENT, EACCES, ECONNREFUSED ...) or a sentence
 */
export async function pingEngine(socket) {
  try {
    const { status } = await callEngine(socket, { path: '/_ping', timeoutMs: 5_000 });
    return status === 200 ? { ok: true } : { ok: false, code: `it answered ${status}` };
  } catch (error) {
    return { ok: false, code: error.code ?? error.message };
  }
}

/**
 * What the engine knows of one image.
 *
 * @param {string} socket
 * @param {string} name
 * @returns {Promise<{ id: string, labels: Record<string, string>, sizeBytes: number } | undefined>}
 *   undefined when the engine has no such image
 */
export async function findImage(socket, name) {
  const path = `/images/${name}/json`;
  const { status, body } = await callEngine(socket, { path });
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.toString('utf8').trim()}`);
  const image = JSON.parse(body.toString('utf8'));
  return { id: image.Id, labels: image.Config?.Labels ?? {}, sizeBytes: image.Size };
}

/**
 * Sends a tar to a call that answers with a stream of JSON lines (import, build). Such a call
 * answers 200 and tells of a failure in the last line only.
 *
 * @param {string} socket
 * @param {{ path: string, body: Buffer | import('node:stream').Readable,
 *   log?: (line: string) => void }} options
 * @returns {Promise<void>}
 */
export async function sendTar(socket, options) {
  const { path, body, log = () => {} } = options;
  const asked = { method: 'POST', path, body, timeoutMs: BUILD_TIMEOUT_MS };
  const answer = await callEngine(socket, asked);
  const text = answer.body.toString('utf8');
  if (answer.status >= 400) throw new Error(`POST ${path}: ${answer.status} ${text.trim()}`);
  const said = [];
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const event = JSON.parse(line);
    if (event.error !== undefined) {
      throw new Error(`${event.error}\n${said.slice(-40).join('\n')}`);
    }
    const words = (event.stream ?? '').trim();
    if (words !== '') said.push(words);
  }
  for (const line of said) log(line);
}
