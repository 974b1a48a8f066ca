/** Commands that run in this process what the server package brings: `serve`, `up`, `config`. */
import type { Invocation } from '../command.ts';
import { printStructured, writeOut } from '../render/print.ts';

export async function runServe(invocation: Invocation): Promise<number | void> {
  const server = await import('@lazaret/server');
  return server.runServe(invocation.arguments);
}

export async function runUp(invocation: Invocation): Promise<number | void> {
  const server = await import('@lazaret/server');
  return server.runUp(invocation.arguments);
}

export async function runConfigCheck(invocation: Invocation): Promise<void> {
  const server = await import('@lazaret/server');
  await show(invocation, await server.checkConfiguration(invocation.arguments));
}

export async function runConfigPrint(invocation: Invocation): Promise<void> {
  const server = await import('@lazaret/server');
  await show(invocation, await server.printConfiguration(invocation.arguments));
}

async function show(invocation: Invocation, answer: unknown): Promise<void> {
  if (typeof answer !== 'string') return printStructured(invocation, answer);
  await writeOut(invocation, answer.endsWith('\n') ? answer : `${answer}\n`);
}
