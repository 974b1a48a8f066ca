/** The health check of the image: exits with 0 if the server of this container is live. */
import { request } from 'node:http';

const [, port = '8100'] = /:(\d+)$/.exec(process.env.LAZARET_LISTEN ?? '') ?? [];
const asked = request({ host: '127.0.0.1', port, path: '/healthz', timeout: 4_000 });
asked.on('response', (answer) => {
  answer.resume();
  process.exitCode = answer.statusCode === 200 ? 0 : 1;
});
asked.on('timeout', () => asked.destroy(new Error('no answer within 4 s')));
asked.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
asked.end();
