/** Starts a mail server for tests: aiosmtpd, as Debian's package python3-aiosmtpd has it. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** User that signed in, if any. */
  readonly user: string | null;
  readonly tls: boolean;
  /** Headers as they were received, folded lines included. */
  readonly head: string;
  /** Decoded headers by their lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly text: string;
}

export interface MailServer {
  readonly port: number;
  readonly mails: ReceivedMail[];
  close(): Promise<void>;
}

export interface MailServerOptions {
  /** PEM; offers STARTTLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** TLS from the start. */
  readonly implicit?: boolean;
  /** `USER:PASSWORD` that is required. */
  readonly credentials?: string;
  /** Answer to a message, such as `452 try later`; an address is refused with a recipient. */
  readonly answer?: string;
  readonly refuseRecipient?: string;
}

const program = `
import asyncio, email, email.policy, json, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult
options = json.loads(sys.argv[1])
def authenticate(server, session, envelope, mechanism, data):
    given = data.login.decode() + ':' + data.password.decode()
    ok = given == options.get('credentials')
    return AuthResult(success=ok, handled=ok, auth_data=data.login.decode())
class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address == options.get('refuseRecipient'):
            return '550 no such mailbox'
        envelope.rcpt_tos.append(address)
        return '250 OK'
    async def handle_DATA(self, server, session, envelope):
        if options.get('answer'):
            return options['answer']
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        raw = envelope.content.decode('latin-1')
        print(json.dumps({
            'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'user': session.auth_data,
            'tls': session.ssl is not None or options.get('implicit', False),
            'head': raw.split('\\r\\n\\r\\n')[0],
            'headers': {name.lower(): str(value) for name, value in message.items()},
            'contentType': message.get_content_type(), 'text': message.get_content(),
        }), flush=True)
        return '250 accepted'
context = None
if options.get('certificate'):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options['certificate'], options['key'])
implicit = options.get('implicit', False)
secret = options.get('credentials') is not None
def create():
    return SMTP(Handler(), hostname='mail.test', tls_context=None if implicit else context,
                authenticator=authenticate if secret else None, auth_required=secret,
                auth_require_tls=False)
async def main():
    server = await asyncio.get_running_loop().create_server(
        create, '127.0.0.1', 0, ssl=context if implicit else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
`;

/** Listens on a free port of the loopback; `close` ends it. */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const directory = await mkdtemp(join(tmpdir(), 'lazaret-mail-'));
  const { tls, ...rest } = options;
  const files = { certificate: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
  if (tls !== undefined) {
    await writeFile(files.certificate, tls.cert);
    await writeFile(files.key, tls.key);
  }
  const settings = JSON.stringify({ ...rest, ...(tls !== undefined && files) });
  const child = spawn('/usr/bin/python3', ['-W', 'ignore', '-c', program, settings], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let problem = '';
  child.stderr.on('data', (chunk: Buffer) => (problem += chunk.toString('utf8')));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done === true) throw new Error(`the mail server did not start: ${problem}`);
  const mails: ReceivedMail[] = [];
  const reading = (async () => {
    for (;;) {
      const line = await lines.next();
      if (line.done === true) return;
      mails.push(JSON.parse(line.value) as ReceivedMail);
    }
  })();
  return {
    port: Number(first.value),
    mails,
    close: async () => {
      child.kill('SIGKILL');
      await Promise.all([ended, reading]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
