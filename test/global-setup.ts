/** One PostgreSQL for the whole run; test files get its URL with `inject('databaseUrl')`. */
import type { TestProject } from 'vitest/node';
import { startTestServer, type TestServer } from '../packages/server/src/testing/database.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    databaseUrl: string;
  }
}

let server: TestServer | undefined;

export async function setup(project: TestProject): Promise<void> {
  server = await startTestServer();
  project.provide('databaseUrl', server.url);
}

export async function teardown(): Promise<void> {
  await server?.stop();
}
