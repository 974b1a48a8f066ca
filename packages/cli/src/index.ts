/** Public entry point of the package: the program as a function. */
export { runProgram } from './program.ts';
export type { Shell } from './command/command.ts';
export { readEnvironment, type Environment } from './environment.ts';
