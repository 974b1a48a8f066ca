/** The typed HTTP client of the API, built from the operation rows; runs in Node and browsers. */
import { readEventStream, type StreamedEvent } from './event-stream.ts';
import {
  type Operation,
  type OperationCall,
  type OperationOutput,
  type UploadBody,
  buildPath,
} from './operation.ts';
import { Problem, type ProblemDocument } from './problem.ts';
import { type ProblemCode, problems } from '../problems.ts';

export interface ClientOptions {
  /** Base URL, with or without a path: `http://127.0.0.1:8100/lazaret`. */
  readonly baseUrl: string;
  readonly token?: string;
  /** CSRF token of a session. Read at each call, since it changes with sign-in. */
  readonly csrf?: () => string | undefined;
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StreamOptions extends CallOptions {
  readonly lastEventId?: string;
  /** Called when the server has accepted the request, before the first event. */
  readonly onOpen?: () => void;
}

export interface Client {
  /** Calls a JSON operation; an error response is thrown as a Problem. */
  call<O extends Operation>(
    operation: O,
    call?: OperationCall<O>,
    options?: CallOptions,
  ): Promise<OperationOutput<O>>;
  /** Calls an operation that returns bytes or text. */
  open<O extends Operation>(
    operation: O,
    call?: OperationCall<O>,
    options?: CallOptions,
  ): Promise<Response>;
  /** Follows a stream of events until the server ends it or the signal aborts. */
  stream<O extends Operation>(
    operation: O,
    call?: OperationCall<O>,
    options?: StreamOptions,
  ): AsyncGenerator<StreamedEvent<OperationOutput<O>>>;
  /** The URL of an operation, for links and uploads with progress. */
  url<O extends Operation>(operation: O, call?: OperationCall<O>): string;
}

export function createClient(options: ClientOptions): Client {
  const send = options.fetch ?? fetch;
  const base = options.baseUrl.replace(/\/+$/, '');

  function url(operation: Operation, call: OperationCall<Operation> = {}): string {
    const path = buildPath(operation.path, call.params as Record<string, unknown>);
    const query = encodeQuery(call.query as Record<string, unknown> | undefined);
    return `${base}${path}${query}`;
  }

  async function open(
    operation: Operation,
    call: OperationCall<Operation> = {},
    { signal, headers }: CallOptions = {},
  ): Promise<Response> {
    const csrf = options.csrf?.();
    const isJson = operation.bodyKind === 'json';
    const body = isJson ? JSON.stringify(call.body ?? {}) : (call.body as UploadBody | undefined);
    const response = await send(url(operation, call), {
      method: operation.method,
      headers: {
        ...(isJson ? { 'content-type': 'application/json' } : {}),
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(csrf === undefined ? {} : { 'x-csrf-token': csrf }),
        ...headers,
      },
      credentials: 'same-origin',
      ...(body === undefined || operation.bodyKind === 'none' ? {} : { body }),
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
      ...(signal === undefined ? {} : { signal }),
    } as RequestInit);
    if (!response.ok) throw await readProblem(response);
    return response;
  }

  async function* stream(
    operation: Operation,
    call?: OperationCall<Operation>,
    streamOptions: StreamOptions = {},
  ): AsyncGenerator<StreamedEvent<unknown>> {
    const { lastEventId, onOpen, ...rest } = streamOptions;
    const response = await open(operation, call, {
      ...rest,
      headers: {
        ...rest.headers,
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    });
    onOpen?.();
    if (response.body !== null) yield* readEventStream(response.body);
  }

  return {
    url: (operation, call) => url(operation, call as OperationCall<Operation>),
    open: (operation, call, callOptions) =>
      open(operation, call as OperationCall<Operation>, callOptions),
    stream: (operation, call, streamOptions) =>
      stream(operation, call as OperationCall<Operation>, streamOptions) as never,
    async call(operation, call, callOptions) {
      const response = await open(operation, call as OperationCall<Operation>, callOptions);
      if (operation.outputKind === 'empty') return undefined as never;
      return (await response.json()) as never;
    },
  };
}

function encodeQuery(query: Readonly<Record<string, unknown>> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '') continue;
    for (const item of Array.isArray(value) ? value : [value])
      parameters.append(name, String(item));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

async function readProblem(response: Response): Promise<Problem> {
  const text = await response.text();
  const document = parseProblem(text);
  if (document === undefined) {
    return new Problem(
      'unavailable',
      `expected a response of Lazaret from ${response.url}, received status ${response.status}`,
    );
  }
  const headers = ['retry-after', 'x-request-id'].flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return new Problem(document.code, document.detail, {
    ...(document.fields === undefined ? {} : { fields: document.fields }),
    headers: Object.fromEntries(headers),
    hint: document.hint,
  });
}

function parseProblem(text: string): ProblemDocument | undefined {
  try {
    const value = JSON.parse(text) as Partial<ProblemDocument> | null;
    const code = value?.code as ProblemCode | undefined;
    return code !== undefined && Object.hasOwn(problems, code)
      ? (value as ProblemDocument)
      : undefined;
  } catch {
    return undefined;
  }
}
