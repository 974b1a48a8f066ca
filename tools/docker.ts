/** `node tools/docker.ts`: finds, starts or installs a Docker engine, and prints its state. */
import { ensureDocker } from '@lazaret/setup';

const docker = await ensureDocker({ log: (line) => void process.stderr.write(`${line}\n`) });
process.stdout.write(`${JSON.stringify(docker, undefined, 2)}\n`);
process.exitCode = docker.state === 'missing' ? 1 : 0;
